import { closestMatch } from 'leven';
/** The name that was probably meant, or `undefined` when none is near enough to be worth a suggestion. */
export function nearest(name, names) {
    return closestMatch(name, names, { maxDistance: Math.max(2, Math.floor(name.length / 3)) });
}
