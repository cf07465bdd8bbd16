import type { Artifact } from '../client/artifact.ts';
import type { Task } from '../client/task.ts';
import { plainJson } from './plain-json.ts';

/** Values beyond this are not loaded to be shown. */
const SHOWN_BYTES_MAX = 10_000;

/** What `--json` says of a task wherever it names one. */
export function taskFacts(task: Task): object {
  const { pathspec, id, stepName, status, reason, createdAt, finishedAt, attempts, index, originPathspec } = task;
  return {
    pathspec,
    id,
    step: stepName,
    status,
    reason: reason ?? null,
    caught: task.caught ?? null,
    createdAt: createdAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
    attemptCount: attempts.length,
    index: index ?? null,
    originPathspec: originPathspec ?? null,
  };
}

/** The same of one of its artifacts. @param shown its value, if it was read */
export function artifactFacts({ name, type, sizeBytes, sha256 }: Artifact, shown?: ShownValue): object {
  return { name, type, sizeBytes, sha256, ...(shown === undefined ? undefined : { value: plainJson(shown.value) }) };
}

/** The value of an artifact, in an object since it may be `undefined` itself. */
export interface ShownValue {
  readonly value: unknown;
}

/** The value if it is small enough to be looked at. */
export async function shownValue(artifact: Artifact): Promise<ShownValue | undefined> {
  return artifact.sizeBytes > SHOWN_BYTES_MAX ? undefined : { value: await artifact.value() };
}
