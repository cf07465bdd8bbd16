import { inspect } from 'node:util';
import { NotFoundError } from '../../core/errors.ts';
import { harmless } from '../../core/harmless.ts';
import { namedTasks } from '../named-tasks.ts';
import type { ProgramContext } from '../program.ts';

const DEFAULT_VALUE_SIZE = 1000;

/** `dump`: the artifacts of tasks for people, `name [size: N type: T] = value`. */
export async function dump(context: ProgramContext): Promise<number> {
  const { include, maxValueSize = DEFAULT_VALUE_SIZE } = context.commandLine.options as {
    include?: readonly string[];
    maxValueSize?: number;
  };
  for (const task of await namedTasks(context)) {
    process.stderr.write(`Dumping the artifacts of ${task.pathspec}\n`);
    const artifacts = await Array.fromAsync(task.artifacts());
    const names = artifacts.map(({ name }) => name);
    const missing = include?.find((name) => !names.includes(name));
    if (missing !== undefined) {
      throw new NotFoundError(
        `${task.pathspec}/${missing}`,
        `${task.pathspec} has no artifact ${missing}`,
        `It has ${names.length === 0 ? 'none' : names.join(', ')}.`,
      );
    }
    for (const artifact of artifacts) {
      if (include?.includes(artifact.name) === false) continue;
      const value =
        maxValueSize === 0 ? '' : ` = ${shorten(inspect(await artifact.value(), { depth: 6 }), maxValueSize)}`;
      const head = harmless(`${artifact.name} [size: ${artifact.sizeBytes} type: ${artifact.type}]`);
      process.stdout.write(`${head}${harmless(value, '\n\t')}\n`);
    }
  }
  return 0;
}

function shorten(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}...`;
}
