import { inspect } from 'node:util';
import { openHome } from '../../src/client/home.ts';
import type { Run } from '../../src/client/run.ts';
import type { Task } from '../../src/client/task.ts';
import { RacewayError } from '../../src/core/errors.ts';

/** What somebody who reads all of a home with the client gets to see. */
export interface Reading {
  /** Everything that was given out, as text. */
  readonly text: string;
  /** Errors that are none of raceway's own. */
  readonly strange: readonly unknown[];
  /** How many things could not be read. */
  readonly refusals: number;
}

/** Reads everything that there is in a home, by every way that the client has, whatever becomes of it. */
export async function readEverything(path: string): Promise<Reading> {
  const texts: string[] = [];
  const strange: unknown[] = [];
  let refusals = 0;
  const look = async <T>(read: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      const value = await read();
      texts.push(inspect(value, { depth: 4, maxStringLength: 10_000 }));
      return value;
    } catch (error) {
      if (!(error instanceof RacewayError)) strange.push(error);
      refusals += 1;
      texts.push(String(error));
      return undefined;
    }
  };

  const lookAtTask = async (task: Task): Promise<void> => {
    await look(() => [task.pathspec, task.id, task.index, task.status, task.reason, task.exception, task.attempts]);
    await look(() => [task.createdAt.toISOString(), task.finishedAt?.toISOString(), task.originPathspec]);
    await look(() => task.stdout());
    await look(() => task.stderr({ attempt: 0 }));
    if (task.finished)
      await look(async () =>
        (await Array.fromAsync(task.logLines('stdout'))).map(({ time, text }) => `${time.toISOString()} ${text}`),
      );
    for (const artifact of (await look(() => Array.fromAsync(task.artifacts()))) ?? [])
      await look(() => artifact.value());
    for (const card of (await look(() => Array.fromAsync(task.cards()))) ?? []) await look(() => card.html());
    await look(() => Array.fromAsync(task.parentTasks()));
    await look(() => Array.fromAsync(task.childTasks()));
    await look(() => task.refresh());
  };

  const lookAtRun = async (run: Run): Promise<void> => {
    await look(() => [
      run.pathspec,
      run.status,
      run.reason,
      run.user,
      run.tags,
      run.kind,
      run.originRunId,
      run.command,
    ]);
    await look(() => [run.createdAt.toISOString(), run.finishedAt?.toISOString()]);
    await look(() => run.parameters);
    await look(() => run.load('rate', 'model'));
    await look(() => run.failedTask());
    await look(() => run.endTask());
    await look(() => Array.fromAsync(run.steps()));
    if (run.finished) await look(() => Array.fromAsync(run.watch()));
    for (const task of (await look(() => Array.fromAsync(run.tasks()))) ?? []) await lookAtTask(task);
    await look(() => run.addTags('seen'));
  };

  const home = await look(() => openHome(path));
  if (home === undefined) return { text: texts.join('\n'), strange, refusals };
  try {
    for (const flow of (await look(() => Array.fromAsync(home.flows()))) ?? []) {
      for (const kind of ['run', 'spin'] as const) {
        for (const run of (await look(() => Array.fromAsync(flow.runs({ kind })))) ?? []) await lookAtRun(run);
      }
      await look(() => flow.latestSuccessfulRun());
      await look(() => Array.fromAsync(flow.runs({ tags: ['a'], status: 'failed' })));
    }
    await look(() => home.run('TrainFlow/1'));
    await look(() => home.task('TrainFlow/1/start/1'));
    await look(() => home.step('TrainFlow/1/start'));
  } finally {
    await home.close();
  }
  return { text: texts.join('\n'), strange, refusals };
}
