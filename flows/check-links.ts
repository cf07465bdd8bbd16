import {
  catchError,
  type CaughtError,
  current,
  FlowSpec,
  type Inputs,
  join,
  main,
  parameter,
  retry,
  step,
  timeout,
} from 'raceway/flow';

/**
 * Follows every link of a web page and says which are broken. Networks and servers have their moods: what fails is tried
 * again, each time after a longer pause, what hangs is ended, and a server that stays dead does not fail the run.
 *
 *     node flows/check-links.ts run --url=https://example.org/
 *
 * `examples/check-links.ts` runs it on a moody server of its own, without a network.
 */
export class CheckLinks extends FlowSpec.with({
  url: parameter.string({ required: true, help: 'The page whose links to follow' }),
  retries: parameter.integer({ default: 3, help: 'How often to try again' }),
  delayMs: parameter.integer({ default: 100, help: 'How long to pause before that; twice as long each time' }),
  patienceMs: parameter.integer({ default: 5000, help: 'How long an answer may take' }),
}) {
  links: string[] = [];
  /** What the server says about one link. */
  status = 0;
  /** Why the last attempt at a link failed, if it did. */
  failure?: CaughtError;
  working: string[] = [];
  /** Why, by link. */
  broken = new Map<string, string>();

  start = step(() => {
    // Here and not below: trying again would not help.
    const isAddress = URL.parse(this.url)?.protocol.startsWith('http') === true;
    if (!isAddress) throw new Error(`--url takes the address of a web page, and "${this.url}" is none`);
    this.next(this.read);
  });

  read = step(
    [retry({ times: this.retries, delayMs: this.delayMs, backoff: 2 }), timeout({ ms: this.patienceMs })],
    async () => {
      const { status, text } = await get(this.url);
      if (status !== 200) throw new Error(`${this.url} answers with ${status}`);
      this.links = linksOf(text, this.url);
      console.log(`${this.links.length} links`);
      this.next(this.follow, { foreach: this.links, allowEmpty: true });
    },
  );

  // A link that is dead after all attempts does not fail the run: the error is kept, and the join gets it.
  follow = step(
    [
      retry({ times: this.retries, delayMs: this.delayMs, backoff: 2 }),
      timeout({ ms: this.patienceMs }),
      catchError({ artifact: 'failure', printException: false }),
    ],
    async (link: string) => {
      this.status = (await get(link)).status;
      console.log(`${this.status} ${link}`);
      this.next(this.report);
    },
  );

  report = join((inputs: Inputs<this>) => {
    this.links = inputs[0]?.links ?? []; // a page without links has no inputs
    for (const [i, link] of this.links.entries()) {
      const { status = 0, failure } = inputs[i] ?? {}; // in the order of the items
      if (failure !== undefined) this.broken.set(link, failure.message);
      else if (status >= 400) this.broken.set(link, `answers with ${status}`);
      else this.working.push(link);
    }
    this.next(this.end);
  });

  end = step(() => {
    console.log(`${this.working.length} of ${this.links.length} links work`);
    for (const [link, why] of this.broken) console.log(`broken: ${link}: ${why}`);
  });
}

/** @throws when there is no answer, or one that may be another in a moment: 429 and from 500 on */
async function get(url: string): Promise<{ status: number; text: string }> {
  // The signal ends it with the time limit, and when the run is stopped.
  const response = await fetch(url, { signal: current.signal }).catch((error: unknown) => {
    throw error instanceof TypeError ? error.cause : error; // which says more than "fetch failed"
  });
  const text = await response.text();
  if (response.status === 429 || response.status >= 500) throw new Error(`answers with ${response.status}`);
  return { status: response.status, text };
}

/** The links of a page, absolute, each of them once. */
function linksOf(html: string, base: string): string[] {
  const targets = html.matchAll(/<a\s[^>]*\bhref="([^"#]+)/g).map(([, target = '']) => URL.parse(target, base));
  const links = targets.filter((url) => url !== null).filter(({ protocol }) => protocol.startsWith('http'));
  return [...new Set(links.map(({ href }) => href))];
}

if (import.meta.main) await main(CheckLinks);
