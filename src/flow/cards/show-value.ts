import { inspect } from 'node:util';

/** A secret that stands where a text is cut has to be there as a whole to be found and hidden. */
const MARGIN = 4096;

/**
 * A value for people. Somewhat longer than `maxLength`: it is cut when its secrets are hidden, in the card.
 *
 * @param layout `block` may take several lines
 */
export function showValue(
  thing: unknown,
  { maxLength, layout = 'block' }: { maxLength: number; layout?: 'block' | 'line' },
): string {
  const most = maxLength + MARGIN;
  const breakLength = layout === 'line' ? Infinity : 100;
  return inspect(thing, { depth: 6, maxStringLength: most, breakLength, compact: 3 }).slice(0, most);
}
