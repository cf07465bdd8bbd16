import { decodeValue } from '../../store/encoding.ts';
import { prepareBlob } from '../../store/artifact-files.ts';
import type { ArtifactRecord, BlobRef, CardRecord, NewBlob } from '../../store/run-store.ts';
import type { TaskField } from '../../flow/task-instance.ts';
import type { TaskOrder, TaskOutcome } from '../messages.ts';
import type { TaskCards } from '../task-cards.ts';
import { cardHtml, type CardSubject } from './card-html.ts';
import { CardText } from './card-text.ts';

/** What there is to tell of an attempt that has ended. */
export interface EndedAttempt {
  readonly order: TaskOrder;
  readonly outcome: TaskOutcome;
  readonly cards: TaskCards;
  /** Those of the run, but for secret ones. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** What the task had in its fields; nothing when it failed. */
  readonly fields: readonly TaskField[];
  readonly readBlob: ((blob: BlobRef) => Uint8Array) | undefined;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly durationMs: number;
}

/** Beyond this an artifact that the task did not touch is not loaded just to be looked at. */
const MAX_LOADED_BYTES = 64 * 1024;

/** Makes the cards of an attempt, ready to be committed. What cannot be shown is told on stderr, the log of the task. */
export async function keepCards(
  attempt: EndedAttempt,
): Promise<{ readonly cards: readonly CardRecord[]; readonly blobs: readonly NewBlob[] }> {
  const { order, cards: contents } = attempt;
  const subject = subjectOf(attempt);
  const text = new CardText(order.secrets);
  const policies = new Map(order.cards.toReversed().map((policy) => [policy.id, policy])); // the first one has the say
  const cards: CardRecord[] = [];
  const blobs: NewBlob[] = [];
  for (const policy of policies.values()) {
    const { id, type } = policy;
    const { html, problems } = await cardHtml(policy, { subject, components: contents.components(id), text });
    for (const problem of problems) console.error(`In the card ${id}, ${problem}`);
    const blob = prepareBlob(order, [Buffer.from(html)]);
    cards.push({ id, type, sha256: blob.sha256, sizeBytes: blob.sizeBytes });
    blobs.push(blob);
  }
  return { cards, blobs };
}

function subjectOf({ order, outcome, parameters, fields, readBlob, startedAt, durationMs }: EndedAttempt): CardSubject {
  const values = new Map(fields.flatMap((field) => ('value' in field ? [[field.name, field] as const] : [])));
  const preview = (artifact: ArtifactRecord): { value: unknown } | undefined => {
    const field = values.get(artifact.name);
    if (field !== undefined) return field;
    if (artifact.sizeBytes > MAX_LOADED_BYTES || readBlob === undefined) return undefined;
    return { value: decodeValue(readBlob(artifact)) };
  };
  return {
    ...order,
    startedAt,
    durationMs,
    parameters,
    exception: outcome.status === 'failed' ? outcome.exception : undefined,
    artifacts: outcome.status === 'successful' ? outcome.artifacts : [],
    preview,
  };
}
