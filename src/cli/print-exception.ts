import type { Task } from '../client/task.ts';
import type { Output } from './output.ts';

/** Prints what a step threw: the message, the place in the user's own code, and the frames around that. */
export function printException(output: Output, exception: NonNullable<Task['exception']>, indent: string): void {
  const [first = '', ...more] = `${exception.name}: ${exception.message}`.split('\n');
  output.line(indent, { style: 'red', text: first });
  if (more.length > 0) output.block(more.join('\n'), indent);
  const frames = exception.stack === '' ? [] : exception.stack.split('\n');
  const own = ownFrame(frames);
  if (own !== undefined && own !== frames[0])
    output.line(indent, '  in your code: ', { style: 'bold', text: own.trim() });
  for (const frame of frames) {
    output.line(indent, frame === own ? { style: 'bold', text: frame } : { style: 'dim', text: frame });
  }
}

/** The first frame that is not in a package: what was thrown below it is seldom the mistake. */
function ownFrame(frames: readonly string[]): string | undefined {
  return frames.find((frame) => frame.startsWith('    at ') && !frame.includes('node_modules'));
}
