import { inspect } from 'node:util';
import { RacewayError } from '../core/errors.ts';
import { harmless } from '../core/harmless.ts';
import { decodeValue } from '../store/encoding.ts';
import type { ArtifactRecord } from '../store/run-store.ts';
import type { StoreLease } from './store-lease.ts';

/**
 * A named value that a task left in the store.
 *
 * @example
 * for await (const artifact of task.artifacts()) console.log(artifact.name, artifact.type, artifact.sizeBytes);
 */
export class Artifact {
  readonly name: string;
  /** `Flow/run/step/task/name`. */
  readonly pathspec: string;
  /** Of the value as it is stored. */
  readonly sizeBytes: number;
  /** Of the value as it is stored: equal values have equal hashes. */
  readonly sha256: string;
  /** What it is, for people: `string`, `Map`, `Float64Array`. */
  readonly type: string;
  readonly #lease: StoreLease;

  /** Made by a `Task`. */
  constructor(lease: StoreLease, taskPathspec: string, { name, sizeBytes, sha256, type }: ArtifactRecord) {
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
  async value(): Promise<unknown> {
    const bytes = await this.#lease.store.readBlob(this);
    try {
      return decodeValue(bytes);
    } catch (cause) {
      throw new RacewayError(
        'ARTIFACT',
        `cannot read the artifact ${this.pathspec}: ${cause instanceof Error ? cause.message : String(cause)}`,
        'Update raceway if a newer version wrote it, else resume the run from the step that made it.',
        { cause },
      );
    }
  }

  toString(): string {
    return this.pathspec;
  }

  [inspect.custom](): string {
    return harmless(`Artifact ${this.pathspec} (${this.type}, ${this.sizeBytes} bytes)`);
  }
}
