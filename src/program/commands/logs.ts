import { timestamp } from '../../core/timestamp.ts';
import { namedTasks } from '../named-tasks.ts';
import type { ProgramContext } from '../program.ts';

/** `logs`: what tasks wrote, stdout to stdout and stderr to stderr. */
export async function logs(context: ProgramContext): Promise<number> {
  const {
    stdout = true,
    stderr = true,
    timestamps = false,
  } = context.commandLine.options as {
    stdout?: boolean;
    stderr?: boolean;
    timestamps?: boolean;
  };
  for (const task of await namedTasks(context)) {
    for (const [stream, isWanted] of [
      ['stdout', stdout],
      ['stderr', stderr],
    ] as const) {
      if (!isWanted) continue;
      if (!timestamps) {
        process[stream].write(await task[stream]());
        continue;
      }
      for await (const { time, text } of task.logLines(stream)) {
        process[stream].write(`${timestamp(time.getTime())} ${text}\n`);
      }
    }
  }
  return 0;
}
