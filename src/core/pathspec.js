import { RacewayError } from './errors.js';
const DEPTHS = ['flow', 'run', 'step', 'task'];
// A part becomes a file name and a word on a command line, so it can be neither empty, nor a path, nor look like an option.
const PART = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;
/**
 * Reads `Flow`, `Flow/run`, `Flow/run/step` or `Flow/run/step/task`.
 *
 * @param depth how deep it must go; without it any depth is taken
 * @throws {RacewayError} `PATHSPEC` when the text is no pathspec of that depth
 *
 * @example
 * parsePathspec('SlowFlow/1763719200123456', 'run').run; // '1763719200123456'
 */
export function parsePathspec(text, depth) {
    const parts = text.split('/');
    const wanted = depth === undefined ? undefined : DEPTHS.indexOf(depth) + 1;
    const rightLength = wanted === undefined ? parts.length <= DEPTHS.length : parts.length === wanted;
    if (!rightLength || !parts.every((part) => PART.test(part))) {
        const form = DEPTHS.slice(0, wanted ?? DEPTHS.length).join('/');
        const prefix = wanted === undefined ? ' or the beginning of one' : '';
        throw new RacewayError('PATHSPEC', `${JSON.stringify(text)} is not a pathspec: expected ${form}${prefix}`, `A part has letters, digits, "_", "." and "-", as in SlowFlow/1763719200123456/start/1.`);
    }
    const [flow, run, step, task] = parts;
    return { flow, run, step, task };
}
/** `Flow/run/step/task`, as far as the parts go. */
export function formatPathspec({ flow, run, step, task }) {
    return [flow, run, step, task].filter((part) => part !== undefined).join('/');
}
