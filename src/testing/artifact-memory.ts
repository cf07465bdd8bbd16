import { hash } from 'node:crypto';
import type { TaskContent } from '../engine/execute-task.ts';
import { decodeValue } from '../store/encoding.ts';
import type { ArtifactRecord, BlobRef, NewBlob } from '../store/run-store.ts';

/** What tasks leave, by content hash as in a home, but in memory. */
export class ArtifactMemory implements TaskContent {
  readonly #contents = new Map<string, Uint8Array>();

  /** A copy each time: typed arrays are views of it, and no two tasks may have one in common. */
  readonly read = ({ sha256 }: BlobRef): Uint8Array => new Uint8Array(this.#contents.get(sha256) ?? []);

  readonly prepare = (parts: readonly Uint8Array[]): NewBlob => {
    const bytes = Buffer.concat(parts);
    const sha256 = hash('sha256', bytes);
    this.#contents.set(sha256, bytes);
    return { sha256, sizeBytes: bytes.byteLength };
  };

  /** The values of these artifacts, by name. */
  load(artifacts: readonly ArtifactRecord[]): Readonly<Record<string, unknown>> {
    return Object.fromEntries(artifacts.map((artifact) => [artifact.name, decodeValue(this.read(artifact))]));
  }
}
