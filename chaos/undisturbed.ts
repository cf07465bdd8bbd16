import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openSqliteStore } from '../src/store/sqlite-store.ts';
import type { ArtifactRecord } from '../src/store/run-store.ts';
import type { Isolation } from './injection.ts';

/** What the flow that is struck comes to when nothing happens to it. */
export interface Undisturbed {
  /** The artifacts of its end task. */
  readonly artifacts: readonly ArtifactRecord[];
  readonly tasks: number;
  /** By the name of a step, what a task of it leaves: the names of its artifacts, sorted and joined. */
  readonly leaves: ReadonlyMap<string, ReadonlySet<string>>;
  /** How long it took from its start to its exit, with a compile cache. */
  readonly wallMs: number;
}

const known = new Map<string, Promise<Undisturbed>>();

/** Runs the flow with these parameters, on a home of its own; a second call has the answer. */
export function undisturbed(isolation: Isolation, parameters: readonly string[]): Promise<Undisturbed> {
  const key = JSON.stringify([isolation, parameters]);
  let result = known.get(key);
  if (result === undefined) known.set(key, (result = run(isolation, parameters)));
  return result;
}

async function run(isolation: Isolation, parameters: readonly string[]): Promise<Undisturbed> {
  const folder = await mkdtemp(join(tmpdir(), 'chaos-'));
  try {
    const home = join(folder, 'home');
    const flow = join(import.meta.dirname, 'flows', 'struck.ts');
    const command = [flow, `--home=${home}`, 'run', `--isolation=${isolation}`, ...parameters];
    await promisify(execFile)(process.execPath, command, { cwd: folder }); // the first fills the compile cache
    const startMs = performance.now();
    await promisify(execFile)(process.execPath, command, { cwd: folder });
    const wallMs = performance.now() - startMs;
    await using store = openSqliteStore(home, { access: 'read' });
    const [record] = await store.runs('Struck', { limit: 1 });
    const tasks = await store.tasks('Struck', record?.id ?? '');
    const end = tasks.find(({ step }) => step === 'end');
    const artifacts = await store.artifacts('Struck', record?.id ?? '', end?.id ?? '');
    const leaves = new Map<string, Set<string>>();
    for (const { step, id } of tasks) {
      const names = namesOf(await store.artifacts('Struck', record?.id ?? '', id));
      leaves.set(step, (leaves.get(step) ?? new Set()).add(names));
    }
    return { artifacts, tasks: tasks.length, leaves, wallMs };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The names of artifacts as one text that two tasks of a step have in common. */
export function namesOf(artifacts: readonly ArtifactRecord[]): string {
  return artifacts
    .map(({ name }) => name)
    .toSorted()
    .join();
}
