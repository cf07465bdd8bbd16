import type { Run } from '../client/run.ts';
import type { RunEvent } from '../core/events.ts';
import { formatDuration } from '../core/format-duration.ts';
import { harmless } from '../core/harmless.ts';
import { parsePathspec } from '../core/pathspec.ts';

const TICK_MS = 1000;

/**
 * Shows in the last line of a terminal how far a run is, until the result is disposed. What is printed meanwhile comes above that
 * line.
 */
export async function showProgress(run: Run): Promise<AsyncDisposable> {
  const { default: spinner } = await import('yocto-spinner');
  const counts = new TaskCounts();
  // Signals are for whoever runs the command: the run is to be ended first.
  const line = spinner({ stream: process.stderr, handleSignals: false }).start();
  const show = (): void => {
    const text = `${run.pathspec}  ${counts.text()}  ${formatDuration(Date.now() - run.createdAt.getTime())}`;
    line.text = harmless(text).slice(0, Math.max(10, (process.stderr.columns || 80) - 4));
  };
  show();
  const clock = setInterval(show, TICK_MS);
  const stop = new AbortController();
  const watching = watch(run, { counts, show, signal: stop.signal });
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      clearInterval(clock);
      await watching;
      line.stop();
    },
  };
}

async function watch(
  run: Run,
  { counts, show, signal }: { counts: TaskCounts; show: () => void; signal: AbortSignal },
): Promise<void> {
  try {
    for await (const event of run.watch({ signal })) {
      switch (event.type) {
        case 'task-cloned':
          counts.done++;
          break;
        case 'task-started':
          counts.start(event.pathspec);
          break;
        case 'task-succeeded':
          counts.end(event.pathspec, 'successful');
          break;
        case 'task-failed':
          counts.end(event.pathspec, howItEnded(event));
          break;
        case 'run-started':
        case 'run-finished':
      }
      show();
    }
  } catch {
    // It was stopped, or the home cannot be read: the run says itself what is wrong, and this is only a line about it.
  }
}

/** One that was stopped because another failed has not failed. */
function howItEnded({
  isRetried,
  reason,
}: Extract<RunEvent, { type: 'task-failed' }>): 'retried' | 'stopped' | 'failed' {
  if (isRetried === true) return 'retried';
  return reason.kind === 'stopped' ? 'stopped' : 'failed';
}

/** How many tasks are where. */
class TaskCounts {
  done = 0;
  #failed = 0;
  readonly #running = new Map<string, string>();

  start(pathspec: string): void {
    this.#running.set(pathspec, parsePathspec(pathspec, 'task').step);
  }

  end(pathspec: string, how: 'successful' | 'retried' | 'stopped' | 'failed'): void {
    this.#running.delete(pathspec);
    if (how === 'successful') this.done++;
    if (how === 'failed') this.#failed++;
  }

  text(): string {
    const steps = Map.groupBy(this.#running.values(), (step) => step);
    const running = [...steps].map(([step, { length }]) => (length === 1 ? step : `${step} ×${length}`)).join(', ');
    return [
      `${this.done} done`,
      ...(this.#failed === 0 ? [] : [`${this.#failed} failed`]),
      ...(running === '' ? [] : [`running ${running}`]),
    ].join(', ');
  }
}
