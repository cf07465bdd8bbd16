import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, tmpdir, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { metaflowPython } from './metaflow-peer.ts';

/** The machine and the versions of what is compared, as lines of a Markdown list. */
export function describeMachine(): readonly string[] {
  const [cpu] = cpus();
  return [
    `- ${availableParallelism()} processors: ${cpu?.model.trim() ?? 'of unknown model'}`,
    `- ${(totalmem() / 2 ** 30).toFixed(1)} GiB of memory`,
    `- ${type()} ${release()}; the temporary folder is on ${fileSystemOf(tmpdir())}`,
    `- Node ${process.version}; raceway ${versionOf('.')}`,
    `- execa ${versionOf('node_modules/execa')}, zx ${versionOf('node_modules/zx')}, ` +
      `piscina ${versionOf('node_modules/piscina')}, Metaflow ${metaflowVersion()}`,
  ];
}

/** What of the repository is measured, as a line of a Markdown list. The files of results do not count as changes. */
export function describeCommit(): string {
  try {
    const others = ['.', ':!bench/results.md', ':!docs/bench-results.md'];
    const isChanged = git('status', '--porcelain', '--', ...others) !== '';
    return `- commit ${git('rev-parse', '--short', 'HEAD')}${isChanged ? ', with changes' : ''}`;
  } catch (error) {
    return `- commit not known: ${error instanceof Error ? error.message.trimEnd().replaceAll('\n', ' ') : String(error)}`;
  }
}

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: join(import.meta.dirname, '..'), encoding: 'utf8', stdio: 'pipe' }).trim();
}

/** How much there was to do lately, as the kernel counts it: averages over 1 and 5 minutes. */
export function describeLoad(): string {
  const [one = 0, five = 0] = loadavg();
  return `${one.toFixed(2)} (1 minute), ${five.toFixed(2)} (5 minutes)`;
}

/** What the mounted file system is that holds the folder. */
function fileSystemOf(folder: string): string {
  if (!existsSync('/proc/self/mountinfo')) return 'a file system of unknown type';
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .flatMap((words) => {
      const point = words[4];
      const kind = words[words.indexOf('-') + 1];
      return point === undefined || kind === undefined ? [] : [{ point, kind }];
    })
    .filter(({ point }) => point === '/' || folder === point || folder.startsWith(`${point}/`));
  return mounts.toSorted((a, b) => b.point.length - a.point.length)[0]?.kind ?? 'a file system of unknown type';
}

function versionOf(folder: string): string {
  const text = readFileSync(join(import.meta.dirname, '..', folder, 'package.json'), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

function metaflowVersion(): string {
  const python = metaflowPython();
  if (!existsSync(python)) return 'is not installed';
  const script = 'from importlib.metadata import version; print(version("metaflow"))';
  return execFileSync(python, ['-c', script], { encoding: 'utf8' }).trim();
}
