import { showValue } from './show-value.ts';

/** A value as text. */
export interface ValueComponent {
  readonly kind: 'value';
  readonly label: string | undefined;
  /** A bit more than is shown. */
  readonly text: string;
  readonly maxLength: number;
}

/** Options of `value()`. */
export interface ValueOptions {
  /** Stands before it. */
  readonly label?: string | undefined;
  /** How many characters are shown, 1 or more. @default 1000 */
  readonly maxLength?: number | undefined;
}

const DEFAULT_LENGTH = 1000;

/**
 * Any value, such as an artifact, as it is now, for people to read.
 *
 * @throws {RangeError} when `maxLength` is no whole number of 1 or more
 *
 * @example
 * current.card.append(value(this.scores, { label: 'Scores' }));
 */
export function value(thing: unknown, { label, maxLength = DEFAULT_LENGTH }: ValueOptions = {}): ValueComponent {
  if (!Number.isSafeInteger(maxLength) || maxLength < 1) {
    throw new RangeError(`value() takes a whole number of 1 or more for maxLength and was given ${maxLength}`);
  }
  return { kind: 'value', label, text: showValue(thing, { maxLength }), maxLength };
}
