import { builtInDecorator } from '../decorator.ts';
import { decoratorOptions } from './decorator-options.ts';

/**
 * Gives each task of the step a process of its own, which no other task had or will have: nothing that a module keeps in
 * memory is shared.
 *
 * @example
 * measure = step([isolate()], () => { … });
 */
export const isolate = builtInDecorator<Record<never, never>>('isolate', {
  options: (given) => decoratorOptions<Record<never, never>>('isolate', given, {}),
  policy: () => ({ isolated: true }),
});
