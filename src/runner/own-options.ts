import { invalid } from '../core/invalid.ts';
import { type Options, refuseZeroByte } from './option-flags.ts';
import type { OperationOwnOptions, RunnerOwnOptions } from './runner-options.ts';
import { checkTimeLimit } from './time-limit.ts';

/** Takes an object apart into the options that are the Runner's own and those that become flags. */
export function splitOptions<Own extends object>(
  options: unknown,
  ownNames: readonly (keyof Own & string)[],
): { readonly own: Own; readonly flags: Options } {
  const entries = Object.entries(asOptions('options', options));
  const isOwn = ([name]: readonly [string, unknown]) => (ownNames as readonly string[]).includes(name);
  // `checkOwnOptions` looks at the values before they are used.
  return {
    own: Object.fromEntries(entries.filter(isOwn)) as Own,
    flags: Object.fromEntries(entries.filter((entry) => !isOwn(entry))),
  };
}

/** @throws {InvalidOptionError} when it is no object */
export function asOptions(name: string, value: unknown): Options {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(name, 'an object', value);
  return value as Options;
}

/** @throws {InvalidOptionError | RangeError} when an option that is no flag has a value that it cannot have */
export function checkOwnOptions(runner: RunnerOwnOptions, operation: OperationOwnOptions): void {
  const { showOutput, env, cwd, interpreter, startTimeoutMs } = runner;
  const { timeoutMs, reject, detached } = operation;
  for (const [name, value] of Object.entries({ showOutput, reject, detached })) {
    if (value !== undefined && typeof value !== 'boolean') throw invalid(name, 'true or false', value);
  }
  for (const signal of [runner.signal, operation.signal]) {
    if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalid('signal', 'an AbortSignal', signal);
  }
  for (const [name, value] of Object.entries({ startTimeoutMs, timeoutMs })) {
    if (value === undefined) continue;
    if (typeof value !== 'number') throw invalid(name, 'a number of milliseconds', value);
    checkTimeLimit(value);
  }
  if (cwd !== undefined && typeof cwd !== 'string' && !(cwd instanceof URL)) {
    throw invalid('cwd', 'a path or a file: URL', cwd);
  }
  if (typeof cwd === 'string') refuseZeroByte('cwd', cwd);
  if (env !== undefined) {
    const wrong = Object.entries(asOptions('env', env)).find(
      ([, value]) => value !== undefined && typeof value !== 'string',
    );
    if (wrong !== undefined) throw invalid(`env.${wrong[0]}`, 'a string, or undefined to remove it', wrong[1]);
    for (const [name, value] of Object.entries(env)) refuseZeroByte(`env.${name}`, `${name}=${value}`);
  }
  const isArgv = Array.isArray(interpreter) && interpreter.every((part) => typeof part === 'string');
  if (interpreter !== undefined && typeof interpreter !== 'string' && !isArgv) {
    throw invalid('interpreter', 'a program, or an array of a program and its arguments', interpreter);
  }
  for (const part of [interpreter ?? []].flat()) refuseZeroByte('interpreter', part);
}
