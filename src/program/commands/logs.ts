import { formatException } from '../../engine/exception.ts';
import { harmless, harmlessLine } from '../../core/harmless.ts';
import { timestamp } from '../../core/timestamp.ts';
import { namedTasks } from '../named-tasks.ts';
import type { ProgramContext } from '../program.ts';

/**
 * `logs`: what tasks wrote, stdout to stdout and stderr to stderr, and what they threw. A terminal is shown it so that it
 * does no harm, for the store may be of somebody else; a file or a program gets every byte as it is.
 */
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
        process[stream].write(shown(await task[stream]({ attempt }), process[stream]));
        continue;
      }
      for await (const { time, text } of task.logLines(stream, { attempt })) {
        process[stream].write(`${timestamp(time.getTime())} ${shown(text, process[stream])}\n`);
      }
    }
    // What it threw is no part of what it printed, but is what most people look for.
    if (stderr && task.exception !== undefined)
      process.stderr.write(`${harmless(formatException(task.exception), '\n\t')}\n`);
  }
  return 0;
}

function shown(text: string, stream: NodeJS.WriteStream): string {
  if (!stream.isTTY) return text;
  const lines = text.split(/\r?\n/).map((line) => harmlessLine(line, { withStyles: stream.hasColors() }));
  return lines.join('\n');
}
