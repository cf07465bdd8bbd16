import { builtInDecorator } from '../decorator.ts';
import type { Resources } from '../step-policy.ts';
import { decoratorOptions } from './decorator-options.ts';

/** Options of `resources()`. */
export interface ResourcesOptions {
  /** Processors, more than 0. @default 1 */
  readonly cpu?: number;
  /** Memory in megabytes of 1 000 000 bytes, 0 or more. @default 0 */
  readonly memoryMb?: number;
  /** Graphics processors, 0 or more. @default 0 */
  readonly gpu?: number;
}

/**
 * Bounds how many tasks of a run are executed at once by what they ask for and this machine has. A task that asks for
 * more than there is runs when no other that asks for something does. Nothing keeps a task from using more than it asked for.
 *
 * @throws {TypeError} when an option is out of its range
 *
 * @example
 * fit = step([resources({ cpu: 2, memoryMb: 4000 })], async () => { … });
 */
export const resources = builtInDecorator<ResourcesOptions>('resources', {
  options: (given) =>
    decoratorOptions<Resources>('resources', given, {
      cpu: { kind: 'number', default: 1, minimum: 0, above: true },
      memoryMb: { kind: 'number', default: 0, minimum: 0 },
      gpu: { kind: 'integer', default: 0, minimum: 0 },
    }),
  policy: (options) => ({ resources: options as Resources }),
});
