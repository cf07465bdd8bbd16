import type { DescribedFlow } from './describe-flow.ts';

/** What is known of the source of a step, compared with what a run executed. */
export type SourceChange =
  | { readonly kind: 'changed' }
  | { readonly kind: 'unchanged' }
  /** The flow has no such step any more. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'unknown'; readonly why: string };

/** Whether the source of a step is another one now than that of which the hash is given. */
export function sourceChange(
  described: DescribedFlow | { readonly why: string },
  { step, sourceSha256 }: { readonly step: string; readonly sourceSha256: string },
): SourceChange {
  if ('why' in described) return { kind: 'unknown', why: described.why };
  if (described.steps === undefined) {
    return { kind: 'unknown', why: 'the flow script does not tell its steps without parameters' };
  }
  const now = described.steps.get(step);
  if (now === undefined) return { kind: 'gone' };
  return { kind: now === sourceSha256 ? 'unchanged' : 'changed' };
}
