import type { TaskField } from '../flow/task-instance.ts';
import type { ArtifactRecord, NewBlob } from '../store/run-store.ts';
/**
 * What a task leaves, ready to be committed. A value that was inherited and not touched is only named again; one that
 * was touched is encoded, and when it comes out as it was it is only named as well.
 *
 * @throws {RacewayError} `ARTIFACT` when a field that the step assigned or changed cannot be stored
 */
export declare function collectArtifacts(
  fields: readonly TaskField[],
  {
    home,
    inherited,
  }: {
    home: string;
    inherited: ReadonlyMap<string, ArtifactRecord>;
  },
): {
  readonly artifacts: readonly ArtifactRecord[];
  readonly blobs: readonly NewBlob[];
};
