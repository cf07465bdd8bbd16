import type { Artifacts, FlowShape } from '../core/flow-shape.ts';
/** The name of an artifact of `F`. */
export type ArtifactName<F extends FlowShape> = keyof Artifacts<F> & string;
/** The artifacts of `F`, each loaded when it is asked for. */
export type Data<F extends FlowShape> = {
    readonly [K in keyof Artifacts<F>]: Promise<Artifacts<F>[K]>;
};
/**
 * An object whose every property loads the artifact of that name. Those who probe objects (a debugger, an assertion, an
 * `await`) read properties too, so a failed load is no unhandled rejection, and `then` is never there.
 */
export declare function lazyData<F extends FlowShape>(pathspec: string, load: (name: string) => Promise<unknown>): Data<F>;
