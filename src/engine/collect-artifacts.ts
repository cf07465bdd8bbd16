import { RacewayError } from '../core/errors.ts';
import type { TaskField } from '../flow/task-instance.ts';
import { encodeValue } from '../store/encoding.ts';
import type { ArtifactRecord, NewBlob } from '../store/run-store.ts';
import type { SecretSearch } from './secret-search.ts';

/**
 * What a task leaves, ready to be committed. A value that was inherited and not touched is only named again; one that
 * was touched is encoded, and when it comes out as it was it is only named as well.
 *
 * @throws {RacewayError} `ARTIFACT` when a field that the step assigned or changed cannot be stored, or holds a secret
 */
export function collectArtifacts(
  fields: readonly TaskField[],
  {
    prepare,
    inherited,
    inputs,
    secrets,
  }: {
    /** Content on its way into the store. */
    prepare: (parts: readonly Uint8Array[]) => NewBlob;
    inherited: ReadonlyMap<string, ArtifactRecord>;
    inputs: readonly { readonly artifacts: ReadonlyMap<string, ArtifactRecord> }[];
    secrets: SecretSearch;
  },
): { readonly artifacts: readonly ArtifactRecord[]; readonly blobs: readonly NewBlob[] } {
  const artifacts: ArtifactRecord[] = [];
  const blobs: NewBlob[] = [];
  for (const field of fields) {
    const known = field.origin === 'merged' ? inputs[field.from]?.artifacts.get(field.name) : inherited.get(field.name);
    if (field.origin === 'untouched' || field.origin === 'merged') {
      if (known !== undefined) artifacts.push(known);
      continue;
    }
    const encoded = encodeValue(field.value);
    if (encoded.kind === 'refused') {
      if (field.origin === 'initial') continue; // a logger, a client: made again for each task
      throw new RacewayError(
        'ARTIFACT',
        `the artifact "${field.name}" cannot be stored: it holds ${encoded.what}`,
        'Keep data in fields (objects, arrays, Map, Set, Date, typed arrays, …) and anything else in a variable or a #private field.',
      );
    }
    secrets.refuse(`the artifact "${field.name}"`, encoded.parts);
    const blob = prepare(encoded.parts);
    artifacts.push({ name: field.name, type: encoded.type, sha256: blob.sha256, sizeBytes: blob.sizeBytes });
    if (blob.sha256 !== known?.sha256) blobs.push(blob);
  }
  return { artifacts, blobs };
}
