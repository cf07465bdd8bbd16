import { readAttributes } from './announcement.ts';
import type { Child } from './child.ts';
import { endAnyhow } from './end-anyhow.ts';
import { FlowStartError, StartTimeoutError } from './errors.ts';
import { timeLimit } from './time-limit.ts';

/** A JSON Schema, or what a flow says is one. */
export type Schema = Readonly<Record<string, unknown>>;

/** What a flow script says about itself. */
export interface FlowDescription {
  /** The flow's name. */
  readonly flow: string;
  /** What each parameter takes. */
  readonly parameters: ReadonlyMap<string, Schema>;
  /** The parameters that have to be given. */
  readonly required: readonly string[];
}

/**
 * Waits for a child that was told to describe its flow, and reads what it says. The child has ended when this settles.
 *
 * @throws {RacewayError} the error that the child named
 * @throws {FlowStartError} when it gave no description
 * @throws {StartTimeoutError} when it took longer than `startTimeoutMs`
 * @throws the reason of `signal` when that was aborted
 */
export async function flowDescription(
  child: Child,
  { startTimeoutMs, signal }: { startTimeoutMs: number; signal: AbortSignal },
): Promise<FlowDescription> {
  let isLate = false;
  const end = () => void endAnyhow(() => child.end(), { isGone: () => child.exit !== undefined });
  using _limit = timeLimit(startTimeoutMs, () => {
    isLate = true;
    end();
  });
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  const exit = await child.exited;
  await child.finish();
  signal.removeEventListener('abort', end);
  signal.throwIfAborted();
  if (isLate) throw new StartTimeoutError(child.startFacts(), startTimeoutMs);
  const failure = () => new FlowStartError({ ...child.startFacts(), ...exit });
  const announced = await readAttributes(child.attributeFile);
  if (announced.kind === 'error') {
    announced.error.cause = failure();
    throw announced.error;
  }
  const description = exit.exitCode === 0 ? parseDescription(child.stdout.text()) : undefined;
  if (description === undefined) throw failure();
  return description;
}

function parseDescription(text: string): FlowDescription | undefined {
  let content: unknown;
  try {
    content = JSON.parse(text.slice(text.search(/^\{$/m))); // the flow's module may have printed something before
  } catch {
    return undefined; // the program is no flow script of raceway
  }
  const { flow, parameters } = asObject(content);
  const { properties, required } = asObject(parameters);
  if (typeof flow !== 'string') return undefined;
  return {
    flow,
    parameters: new Map(Object.entries(asObject(properties)).map(([name, schema]) => [name, asObject(schema)])),
    required: Array.isArray(required) ? required.filter((name) => typeof name === 'string') : [],
  };
}

function asObject(value: unknown): Schema {
  return typeof value === 'object' && value !== null ? (value as Schema) : {};
}
