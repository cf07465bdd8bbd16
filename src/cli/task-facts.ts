import type { Artifact } from '../client/artifact.ts';
import type { Task } from '../client/task.ts';
import { RacewayError } from '../core/errors.ts';
import { plainJson } from './plain-json.ts';
import { valueText } from './value-text.ts';

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
  const facts = { name, type, sizeBytes, sha256, value: null, damaged: null };
  switch (shown?.kind) {
    case undefined:
      return facts;
    case 'value':
      return { ...facts, value: plainJson(shown.value) ?? null };
    case 'damaged':
      return { ...facts, damaged: shown.message };
  }
}

/** The value of an artifact, as far as it can be read. */
export type ShownValue =
  { readonly kind: 'value'; readonly value: unknown } | { readonly kind: 'damaged'; readonly message: string };

/** The value if it is small enough to be looked at. */
export async function shownValue(artifact: Artifact): Promise<ShownValue | undefined> {
  if (artifact.sizeBytes > SHOWN_BYTES_MAX) return undefined;
  try {
    return { kind: 'value', value: await artifact.value() };
  } catch (error) {
    // One artifact that is damaged must not hide all the rest.
    if (error instanceof RacewayError && error.code === 'ARTIFACT') return { kind: 'damaged', message: error.message };
    throw error;
  }
}

/** The value for people, cut after `limit` characters. */
export function shownText(shown: ShownValue, limit: number): string {
  return shown.kind === 'value' ? valueText(shown.value, limit) : `(${shown.message.split('\n')[0]})`;
}
