import { errorFromWire, type RacewayError, type WireError } from './errors.ts';

/** The version of the flow protocol that this library speaks. */
export const PROTOCOL = 1;

/**
 * What a child writes to its `--runner-attribute-file` once its run exists. The names are Metaflow's; `home` and
 * `protocol` are there when the flow is raceway's, `task_id` and `step_name` when a single task was run.
 */
export interface Attributes {
  readonly flow_name: string;
  readonly run_id: string;
  readonly metadata?: string | undefined;
  readonly home?: string | undefined;
  readonly protocol?: number | undefined;
  readonly step_name?: string | undefined;
  readonly task_id?: string | undefined;
}

/** What stands in an attribute file so far. */
export type AttributeFile =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'attributes'; readonly attributes: Attributes }
  | { readonly kind: 'error'; readonly error: RacewayError };

/** The text that announces a run. */
export function formatAttributes(content: Attributes | { readonly error: WireError }): string {
  return `${JSON.stringify(content)}\n`;
}

/**
 * Reads an attribute file. Metaflow writes it in place, so a text that is not yet valid JSON, or lacks a name, is one
 * that is still being written.
 */
export function parseAttributes(text: string): AttributeFile {
  const content = parseObject(text);
  if (content === undefined) return { kind: 'incomplete' };
  const error = errorFromWire(content['error']);
  if (error !== undefined) return { kind: 'error', error };
  const flowName = name(content['flow_name']);
  const runId = name(content['run_id']);
  if (flowName === undefined || runId === undefined) return { kind: 'incomplete' };
  return {
    kind: 'attributes',
    attributes: {
      flow_name: flowName,
      run_id: runId,
      metadata: name(content['metadata']),
      home: name(content['home']),
      protocol: typeof content['protocol'] === 'number' ? content['protocol'] : undefined,
      step_name: name(content['step_name']),
      task_id: name(content['task_id']),
    },
  };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return undefined; // not an error: the writer is still at it
  }
  return typeof content === 'object' && content !== null ? (content as Record<string, unknown>) : undefined;
}

function name(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
