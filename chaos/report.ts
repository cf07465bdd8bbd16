import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem, type } from 'node:os';
import type { Struck } from './strike.ts';

/** What a suite came to, for people. */
export interface Report {
  readonly struck: readonly Struck[];
  readonly extent: 'full' | 'bounded';
  readonly seed: number;
  readonly seconds: number;
}

/** The table, and under it what came about by chance, what failed and what was not injected. Markdown that also reads well as it stands. */
export function formatReport({ struck, extent, seed, seconds }: Report): string {
  const rows = struck.map(({ fault, wanted, injected, survived, checked, notInjected }) => {
    const checks = [...checked].map(([what, count]) => (count === injected ? what : `${what} (×${count})`));
    return [
      fault.title,
      timesOf({ wanted, injected, notInjected }),
      injected === 0 && notInjected !== undefined ? '–' : String(survived),
      checks.join(', '),
    ];
  });
  const chances = struck.flatMap(({ fault, counts, peaks, missed }) => {
    const facts = [
      ...[...counts].map(([what, count]) => `${what}: ${count}`),
      ...[...peaks].map(([what, value]) => `at most ${value} ${what}`),
      ...[...missed].map(([why, count]) => `tried besides, and not counted, since ${why}: ${count}`),
    ];
    return facts.length === 0 ? [] : [`- ${fault.title}: ${facts.join('; ')}`];
  });
  const failures = struck.flatMap(({ fault, failed }) =>
    failed.map(
      ({ number, failure: { what, detail } }) =>
        `- ${fault.name}, injection ${number}: NOT ${what}: ${detail.replaceAll(/\s+/g, ' ')}\n  ` +
        `(again: \`npm run chaos -- --seed ${seed} --only ${fault.name} --from ${number} --times 1\`)`,
    ),
  );
  const notInjected = struck.flatMap(({ fault, wanted, injected, notInjected: why }) => {
    if (injected >= wanted) return [];
    return [
      `- ${fault.title}: ${timesOf({ wanted, injected, notInjected: why })}: ${why ?? 'it was not felt too often'}`,
    ];
  });
  return [
    `Seed ${seed}, ${extent}, ${state()}, ${machine()}, ${Math.round(seconds)} s.`,
    formatTable([['fault', 'times injected', 'survived', 'what was checked'], ...rows]),
    `What came about:\n\n${chances.join('\n')}`,
    ...(failures.length === 0 ? [] : [`Failed:\n\n${failures.join('\n')}`]),
    ...(notInjected.length === 0
      ? []
      : [`Not injected on this machine, or not as often as it was to be:\n\n${notInjected.join('\n')}`]),
  ].join('\n\n');
}

/** How often it came about, and how often it was to, if that is more. */
function timesOf({ wanted, injected, notInjected }: Pick<Struck, 'wanted' | 'injected' | 'notInjected'>): string {
  if (injected === 0 && notInjected !== undefined) return 'NOT INJECTED';
  return injected < wanted ? `${injected} of ${wanted}` : String(injected);
}

/** Of what the result holds. */
function state(): string {
  const today = new Date().toISOString().slice(0, 10);
  try {
    const options = { cwd: import.meta.dirname, encoding: 'utf8', stdio: 'pipe' } as const;
    return `${today}, commit ${execFileSync('git', ['describe', '--always', '--dirty'], options).trim()}`;
  } catch {
    return `${today}, of no known commit`;
  }
}

function machine(): string {
  const [cpu] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `${cpus().length} × ${cpu?.model.trim() ?? 'unknown processor'}, ${memory}, ${type()} ${release()}, Node ${process.version}`;
}

function formatTable([head = [], ...body]: readonly (readonly string[])[]): string {
  const rows = [head, ...body].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  widths[widths.length - 1] = 3; // the last column may hold a whole paragraph
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(rows[0] ?? []), line(widths.map((width) => '-'.repeat(width))), ...rows.slice(1).map(line)].join('\n');
}
