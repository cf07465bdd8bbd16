import type { FlowDefinition } from '../flow/definition.ts';
import { type Graph } from '../flow/graph.ts';
/**
 * The graph of a flow, checked.
 *
 * @throws {RacewayError} `FLOW_DEFINITION` with one line for each finding of the lint
 */
export declare function checkedGraph(
  definition: FlowDefinition,
  {
    parameters,
    lint,
  }: {
    parameters: Readonly<Record<string, unknown>>;
    lint?: boolean;
  },
): Graph;
