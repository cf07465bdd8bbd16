import { inspect } from 'node:util';
import { RacewayError } from '../core/errors.js';
import { decodeValue } from '../store/encoding.js';
/**
 * A named value that a task left in the store.
 *
 * @example
 * for await (const artifact of task.artifacts()) console.log(artifact.name, artifact.type, artifact.sizeBytes);
 */
export class Artifact {
    name;
    /** `Flow/run/step/task/name`. */
    pathspec;
    /** Of the value as it is stored. */
    sizeBytes;
    /** Of the value as it is stored: equal values have equal hashes. */
    sha256;
    /** What it is, for people: `string`, `Map`, `Float64Array`. */
    type;
    #lease;
    /** Made by a `Task`. */
    constructor(lease, taskPathspec, { name, sizeBytes, sha256, type }) {
        this.#lease = lease;
        this.name = name;
        this.pathspec = `${taskPathspec}/${name}`;
        this.sizeBytes = sizeBytes;
        this.sha256 = sha256;
        this.type = type;
    }
    /**
     * Loads the value; each call gives a new copy.
     *
     * @throws {RacewayError} `ARTIFACT` when its content is gone or damaged
     */
    async value() {
        const bytes = await this.#lease.store.readBlob(this);
        try {
            return decodeValue(bytes);
        }
        catch (cause) {
            throw new RacewayError('ARTIFACT', `cannot read the artifact ${this.pathspec}: ${cause instanceof Error ? cause.message : String(cause)}`, 'Update raceway if a newer version wrote it, else resume the run from the step that made it.', { cause });
        }
    }
    toString() {
        return this.pathspec;
    }
    [inspect.custom]() {
        return `Artifact ${this.pathspec} (${this.type}, ${this.sizeBytes} bytes)`;
    }
}
