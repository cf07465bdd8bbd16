import { nearest } from '../core/nearest.ts';

const NAMES_SHOWN = 20;

/** Second line for a name that does not exist: the one that was probably meant, else those that there are, else `none`. */
export function suggestion(name: string, names: readonly string[], none: string): string {
  const meant = nearest(name, names);
  if (meant !== undefined) return `Did you mean ${meant}?`;
  if (names.length === 0) return none;
  const shown = names.slice(0, NAMES_SHOWN).join(', ');
  return names.length > NAMES_SHOWN
    ? `There are ${names.length}, among them ${shown}.`
    : `There ${names.length === 1 ? 'is' : 'are'} ${shown}.`;
}
