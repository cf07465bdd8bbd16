import { builtInDecorator } from '../decorator.ts';
import type { CardPolicy } from '../step-policy.ts';
import { decoratorOptions } from './decorator-options.ts';

/** Options of `card()`. */
export interface CardOptions {
  /** `default` shows what the task was and left, and below it what the step appended; `blank` only the latter. @default 'default' */
  readonly type?: 'default' | 'blank';
  /** Tells several cards of one task apart: letters, digits, "_" and "-", at most 64 of them. @default 'default' */
  readonly id?: string;
}

/**
 * Keeps a report with each task of the step: one HTML file that needs nothing else. The step adds to it with
 * `current.card.append(…)`; it is kept whether the task succeeds or throws.
 *
 * @throws {TypeError} when an option is of the wrong type, or the id has other characters
 *
 * @example
 * train = step([card()], () => {
 *   current.card.append(markdown('# Training'));
 * });
 */
export const card = builtInDecorator<CardOptions>('card', {
  options: (given) => {
    const options = decoratorOptions<CardPolicy>('card', given, {
      type: { kind: 'choice', default: 'default', choices: ['default', 'blank'] },
      id: { kind: 'string', default: 'default' },
    });
    if (/^[A-Za-z0-9_-]{1,64}$/.test(options.id)) return options;
    throw new TypeError(
      `card() cannot have the id ${JSON.stringify(options.id)}\nUse letters, digits, "_" and "-", at most 64.`,
    );
  },
  policy: (options) => ({ cards: [options as CardPolicy] }),
});
