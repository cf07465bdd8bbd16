import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { marked } from '../src/process/marked.ts';
import { entryOf } from '../src/process/process-table.ts';
import { until } from './until.ts';

/**
 * Gives the suite a temporary folder of its own, and fails it when a process or a temporary folder is left behind. A
 * variable in the environment tells the processes of this suite from those of others on the same machine.
 */
export default async function setUp(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'suite-'));
  process.env['TMPDIR'] = folder;
  process.env['RACEWAY_TEST_SUITE'] = folder;
  return async () => {
    await until(async () => (await leftProcesses(folder)).length === 0, { limitMs: 8000 }).catch(() => {});
    const processes = (await leftProcesses(folder)).map(end);
    const folders = (await readdir(folder)).filter((name) => name.startsWith('raceway-'));
    await rm(folder, { recursive: true, force: true });
    const left = [...processes, ...folders];
    if (left.length > 0) throw new Error(`the tests left something behind:\n${left.join('\n')}`);
  };
}

/** All processes of the suite but the test runner's own. */
async function leftProcesses(folder: string): Promise<number[]> {
  const pids = await marked({ name: 'RACEWAY_TEST_SUITE', value: folder });
  return pids.filter((pid) => {
    const entry = entryOf(pid);
    return entry !== undefined && entry.parentPid !== process.pid;
  });
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
