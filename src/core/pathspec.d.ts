/** The parts of a pathspec, `Flow/run/step/task` or a prefix of it. */
export interface Pathspec {
    readonly flow: string;
    readonly run?: string | undefined;
    readonly step?: string | undefined;
    readonly task?: string | undefined;
}
/** How deep a pathspec goes. */
export type PathspecDepth = 'flow' | 'run' | 'step' | 'task';
/**
 * Reads `Flow`, `Flow/run`, `Flow/run/step` or `Flow/run/step/task`.
 *
 * @param depth how deep it must go; without it any depth is taken
 * @throws {RacewayError} `PATHSPEC` when the text is no pathspec of that depth
 *
 * @example
 * parsePathspec('SlowFlow/1763719200123456', 'run').run; // '1763719200123456'
 */
export declare function parsePathspec<D extends PathspecDepth = PathspecDepth>(text: string, depth?: D): PathspecOf<D>;
/** `Flow/run/step/task`, as far as the parts go. */
export declare function formatPathspec({ flow, run, step, task }: Pathspec): string;
/** A pathspec of which depth `D` is known to be there. */
export type PathspecOf<D extends PathspecDepth> = D extends 'flow' ? Pathspec : D extends 'run' ? Pathspec & {
    readonly run: string;
} : D extends 'step' ? Pathspec & {
    readonly run: string;
    readonly step: string;
} : Pathspec & {
    readonly run: string;
    readonly step: string;
    readonly task: string;
};
