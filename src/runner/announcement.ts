import { readFile } from 'node:fs/promises';
import { type AttributeFile, type Attributes, parseAttributes } from '../core/attributes.ts';
import type { RacewayError } from '../core/errors.ts';
import { endAnyhow } from './end-anyhow.ts';
import { FlowStartError, StartTimeoutError } from './errors.ts';
import type { StartedProcess } from './run-process.ts';
import { timeLimit } from './time-limit.ts';

/** How long a child that said why there is no run may take to end by itself, in milliseconds. */
const FAREWELL_MS = 2000;

/**
 * Waits until a child announces its run, or its task when it is to execute a single one. If there will be none, the child
 * has ended when this rejects.
 *
 * @throws {RacewayError} the error that the child named, with a `FlowStartError` as its `cause`
 * @throws {FlowStartError} when the child ended without a word
 * @throws {StartTimeoutError} when it took longer than `startTimeoutMs`
 * @throws the reason of `signal` when that was aborted
 */
export async function announcement(
  child: StartedProcess,
  { of, startTimeoutMs, signal }: { of: 'run' | 'task'; startTimeoutMs: number; signal: AbortSignal },
): Promise<Attributes> {
  using _interest = child.watch.use();
  const wake = () => child.watch.wake();
  let isLate = false;
  using _limit = timeLimit(startTimeoutMs, () => {
    isLate = true;
    wake();
  });
  signal.addEventListener('abort', wake);
  try {
    for (;;) {
      const seen = child.watch.version;
      // Whether it has ended is asked before the file is read, so that nothing it wrote can be missed.
      const exit = child.exit;
      const content = await readAttributes(child.attributeFile);
      // Also when it is not wanted any more: there is a run, and whoever has its handle ends it.
      if (content.kind === 'attributes' && isWhole(content.attributes, of)) return content.attributes;
      if (signal.aborted && exit === undefined) {
        await child.end();
        continue; // it may have announced its run at the last moment
      }
      if (signal.aborted) throw signal.reason;
      if (content.kind === 'error') throw await withStartError(content.error, child);
      if (exit !== undefined) {
        await child.finish();
        throw new FlowStartError({ ...child.startFacts(), ...exit });
      }
      if (isLate) {
        await child.end();
        await child.finish();
        throw new StartTimeoutError(child.startFacts(), startTimeoutMs);
      }
      await child.watch.changed(seen);
    }
  } finally {
    signal.removeEventListener('abort', wake);
  }
}

/** What lacks a name is still being written. */
function isWhole({ step_name: step, task_id: task }: Attributes, of: 'run' | 'task'): boolean {
  return of === 'run' || (step !== undefined && task !== undefined);
}

/** What stands in the attribute file by now. */
export async function readAttributes(file: string): Promise<AttributeFile> {
  try {
    return parseAttributes(await readFile(file, 'utf8'));
  } catch {
    return { kind: 'incomplete' }; // it is not there yet
  }
}

async function withStartError(error: RacewayError, child: StartedProcess): Promise<RacewayError> {
  const timer = setTimeout(
    () => void endAnyhow(() => child.end(), { isGone: () => child.exit !== undefined }),
    FAREWELL_MS,
  );
  const exit = await child.exited;
  clearTimeout(timer);
  await child.finish();
  error.cause = new FlowStartError({ ...child.startFacts(), ...exit });
  return error;
}
