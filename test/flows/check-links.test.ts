import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import type { CheckLinks } from '../../flows/check-links.ts';
import { Runner } from '../../src/runner/runner.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const flow = new URL('../../flows/check-links.ts', import.meta.url);

/** How the server answers the requests for a path, one after another; the last answer is given again and again. */
type Answers = Readonly<Record<string, readonly ((response: ServerResponse) => void)[]>>;

const fine = (response: ServerResponse) => void response.end('here');
const busy = (response: ServerResponse) => void response.writeHead(503).end();
const reset = (response: ServerResponse) => void response.socket?.resetAndDestroy();
const gone = (response: ServerResponse) => void response.writeHead(404).end();
const hang = (response: ServerResponse) => response.flushHeaders();

async function serve(answers: Answers) {
  const requests = new Map<string, number>();
  const server: Server = createServer(({ url = '' }, response) => {
    const number = requests.get(url) ?? 0;
    requests.set(url, number + 1);
    const given = answers[url] ?? [gone];
    (given[number] ?? given.at(-1))?.(response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}

function page(...paths: readonly string[]) {
  return (response: ServerResponse) => void response.end(paths.map((path) => `<a href="${path}">x</a>`).join(''));
}

test('the check of links tries what fails again, ends what hangs, and goes on without what is dead', async () => {
  using folder = temporaryFolder();
  await using server = await serve({
    '/': [
      busy,
      page('/fine', '/fine#part', '/busy', '/reset', '/slow', '/dead', '/hung', '/cut', '/gone', 'mailto:a@b'),
    ],
    '/fine': [fine],
    '/busy': [busy, fine],
    '/reset': [reset, fine],
    '/slow': [hang, fine],
    '/dead': [busy],
    '/hung': [hang],
    '/cut': [reset],
  });
  await using runner = new Runner<CheckLinks>(flow, { showOutput: false, home: folder.file('home') });
  const { run } = await runner.run(
    { url: `${server.url}/`, retries: 1, delayMs: 1, patienceMs: 3000 },
    { reject: true, maxWorkers: 4 },
  );
  const { working, broken } = await run.load('working', 'broken');
  const absolute = (path: string) => `${server.url}${path}`;
  expect(working).toStrictEqual(['/fine', '/busy', '/reset', '/slow'].map(absolute));
  expect([...broken.keys()]).toStrictEqual(['/dead', '/hung', '/cut', '/gone'].map(absolute));
  expect([...broken.values()]).toStrictEqual([
    'answers with 503',
    expect.stringContaining('longer than the 3000 ms'),
    'read ECONNRESET',
    'answers with 404',
  ]);
  expect(Object.fromEntries(server.requests)).toStrictEqual({
    '/': 2,
    '/fine': 1,
    '/busy': 2,
    '/reset': 2,
    '/slow': 2,
    '/dead': 2,
    '/hung': 2,
    '/cut': 2,
    '/gone': 1,
  });
}, 60_000); // hanging requests are given three seconds each

test('the check of links is done when a page has none', async () => {
  using folder = temporaryFolder();
  await using server = await serve({ '/': [page()] });
  await using runner = new Runner<CheckLinks>(flow, { showOutput: false, home: folder.file('home') });
  const { run } = await runner.run({ url: server.url }, { reject: true });
  expect(await run.load('links', 'working')).toStrictEqual({ links: [], working: [] });
});

test('the check of links fails with one line, and at once, when it is given no address', async () => {
  using folder = temporaryFolder();
  await using runner = new Runner<CheckLinks>(flow, { showOutput: false, home: folder.file('home') });
  const { reason, stdout } = await runner.run({ url: 'example' });
  expect(reason).toMatchObject({
    message: 'Error: --url takes the address of a web page, and "example" is none',
  });
  expect(stdout).not.toContain('tried again');
});
