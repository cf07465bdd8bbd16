import { formatException } from '../../engine/exception.ts';
import { timestamp } from '../../core/timestamp.ts';
import { namedTasks } from '../named-tasks.ts';
import type { ProgramContext } from '../program.ts';

/** `logs`: what tasks wrote, stdout to stdout and stderr to stderr, and what they threw. */
export async function logs(context: ProgramContext): Promise<number> {
  const {
    stdout = true,
    stderr = true,
    timestamps = false,
    attempt,
  } = context.commandLine.options as {
    stdout?: boolean;
    stderr?: boolean;
    timestamps?: boolean;
    attempt?: number;
  };
  for (const task of await namedTasks(context)) {
    for (const [stream, isWanted] of [
      ['stdout', stdout],
      ['stderr', stderr],
    ] as const) {
      if (!isWanted) continue;
      if (!timestamps) {
        process[stream].write(await task[stream]({ attempt }));
        continue;
      }
      for await (const { time, text } of task.logLines(stream, { attempt })) {
        process[stream].write(`${timestamp(time.getTime())} ${text}\n`);
      }
    }
    // What it threw is no part of what it printed, but is what most people look for.
    if (stderr && task.exception !== undefined) process.stderr.write(`${formatException(task.exception)}\n`);
  }
  return 0;
}
