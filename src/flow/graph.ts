import { RacewayError } from '../core/errors.ts';
import type { FlowDefinition } from './definition.ts';
import { addDecorators, type DefinedDecorator } from './decorator.ts';
import { FlowInstance } from './flow-instance.ts';
import { nextCalls, type NextCall } from './next-calls.ts';
import { readSplits } from './splits.ts';
import { parseFunction, syntaxSha256 } from './step-source.ts';
import type { DefinedStep } from './step.ts';
import type { StaticTransition } from './transition.ts';
import { userFrame } from './user-frame.ts';

/** The steps of a flow and what leads where, known before anything runs. */
export interface Graph {
  readonly flowName: string;
  /** By name, in the order of their definition. */
  readonly steps: ReadonlyMap<string, GraphStep>;
  /** For a step that branches or has a foreach, the join that closes it; where that is not clear, nothing. */
  readonly joinOf: ReadonlyMap<string, string>;
}

/** A step as its own source shows it. */
export interface GraphStep {
  readonly name: string;
  /** Made by `step()` or by `join()`. */
  readonly kind: 'step' | 'join';
  readonly body: DefinedStep['body'];
  /** Its own and those that every step has, the first one outermost. */
  readonly decorators: readonly DefinedDecorator[];
  /** Whether the source could be read: not of a function that was bound, whose source the language does not tell. */
  readonly source: 'read' | 'none' | 'bound' | 'unreadable';
  /** Where it goes; `undefined` at the end, and for a step that the lint has something to say about. */
  readonly transition: StaticTransition | undefined;
  /** Every call of `this.next()` in the source. */
  readonly calls: readonly NextCall[];
  /** Identifies what the step's own source says; its layout and comments play no part. */
  readonly sourceSha256: string;
}

/**
 * Reads the graph from the source of the steps. The flow is constructed once for it, with these parameters.
 *
 * @param options.with decorators that every step has besides its own
 * @throws {RacewayError} `FLOW_DEFINITION` when the constructor or a field initialiser throws
 */
export function readGraph(
  definition: FlowDefinition,
  parameters: Readonly<Record<string, unknown>>,
  options: { readonly with?: readonly DefinedDecorator[] } = {},
): Graph {
  const { with: added = [] } = options;
  const steps = new Map<string, GraphStep>();
  for (const [name, step] of constructSteps(definition, parameters)) {
    steps.set(name, { ...readStep(name, step), decorators: addDecorators(step.decorators, added) });
  }
  return { flowName: definition.name, steps, joinOf: readSplits(steps).joinOf };
}

function constructSteps(
  { name, flowClass }: FlowDefinition,
  parameters: Readonly<Record<string, unknown>>,
): ReadonlyMap<string, DefinedStep> {
  try {
    return FlowInstance.construct(flowClass, { parameters, inherited: [], load: () => undefined }).steps;
  } catch (cause) {
    const frame = userFrame(cause);
    const where = frame === undefined ? '' : ` at ${frame.file}:${frame.line}`;
    throw new RacewayError(
      'FLOW_DEFINITION',
      `${name} could not be read: a field initialiser or the constructor threw${where}: ${String(cause)}`,
      'Initialisers run before the run starts and again for each task: move what may fail into a step.',
      { cause },
    );
  }
}

function readStep(name: string, { kind, body }: DefinedStep): Omit<GraphStep, 'decorators'> {
  const unread = { name, kind, body, transition: undefined, calls: [], sourceSha256: syntaxSha256(undefined) };
  if (body === undefined) return { ...unread, source: 'none' };
  const source = Function.prototype.toString.call(body);
  if (/\{\s*\[native code\]\s*\}$/.test(source)) return { ...unread, source: 'bound' };
  const parsed = parseFunction(source);
  if (parsed === undefined) return { ...unread, source: 'unreadable' };
  const calls = nextCalls(parsed);
  const [call] = calls;
  return {
    name,
    kind,
    body,
    source: 'read',
    transition: calls.length === 1 && call?.kind === 'transition' ? call.transition : undefined,
    calls,
    sourceSha256: syntaxSha256(parsed.node),
  };
}
