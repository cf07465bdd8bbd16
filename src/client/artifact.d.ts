import { inspect } from 'node:util';
import type { ArtifactRecord } from '../store/run-store.ts';
import type { StoreLease } from './store-lease.ts';
/**
 * A named value that a task left in the store.
 *
 * @example
 * for await (const artifact of task.artifacts()) console.log(artifact.name, artifact.type, artifact.sizeBytes);
 */
export declare class Artifact {
    #private;
    readonly name: string;
    /** `Flow/run/step/task/name`. */
    readonly pathspec: string;
    /** Of the value as it is stored. */
    readonly sizeBytes: number;
    /** Of the value as it is stored: equal values have equal hashes. */
    readonly sha256: string;
    /** What it is, for people: `string`, `Map`, `Float64Array`. */
    readonly type: string;
    /** Made by a `Task`. */
    constructor(lease: StoreLease, taskPathspec: string, { name, sizeBytes, sha256, type }: ArtifactRecord);
    /**
     * Loads the value; each call gives a new copy.
     *
     * @throws {RacewayError} `ARTIFACT` when its content is gone or damaged
     */
    value(): Promise<unknown>;
    toString(): string;
    [inspect.custom](): string;
}
