import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { entryOf, processIds } from '../src/process/process-table.ts';
import { until } from './until.ts';

/**
 * Gives the suite a temporary folder of its own, and fails it when a process or a temporary folder is left behind. The
 * folder's name in their environment tells the processes of this suite from those of others on the same machine. It is in
 * the PATH too, the only variable that a guardian has.
 *
 * @param options.limitMs how long what is ending by itself may take to do so; default 8000
 */
export default async function setUp(_project?: unknown, { limitMs = 8000 } = {}): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'suite-'));
  process.env['TMPDIR'] = folder;
  process.env['PATH'] = [process.env['PATH'], join(folder, 'no-programs')].join(delimiter);
  return async () => {
    await until(() => leftProcesses(folder).length === 0, { limitMs }).catch(() => {});
    const processes = leftProcesses(folder).map(end);
    const folders = (await readdir(folder)).filter((name) => name.startsWith('raceway-'));
    await rm(folder, { recursive: true, force: true });
    const left = [...processes, ...folders];
    if (left.length > 0) throw new Error(`the tests left something behind:\n${left.join('\n')}`);
  };
}

/** All processes of the suite but the test runner's own. */
function leftProcesses(folder: string): number[] {
  return (processIds() ?? []).filter((pid) => {
    const entry = entryOf(pid);
    return entry !== undefined && pid !== process.pid && entry.parentPid !== process.pid && isOf(folder, pid);
  });
}

function isOf(folder: string, pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`).includes(folder);
  } catch {
    return false; // it has ended, or is another user's
  }
}

/** Ends what was left, and says what it was. */
function end(pid: number): string {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    process.kill(pid, 'SIGKILL');
    return `${pid} ${command}`;
  } catch {
    return String(pid);
  }
}
