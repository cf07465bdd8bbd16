import { RacewayError } from '../core/errors.ts';
import type { FlowDefinition } from './definition.ts';
import { type Graph, readGraph } from './graph.ts';
import { formatFinding, lintFlow } from './lint.ts';
import { readWithSpecs } from './with-specs.ts';

/**
 * The graph of a flow, checked.
 *
 * @param options.with decorators for every step, as `--with` names them
 * @throws {InvalidOptionError} when one of those does not exist, or does not take its options
 * @throws {RacewayError} `FLOW_DEFINITION` with one line for each finding of the lint
 */
export function checkedGraph(
  definition: FlowDefinition,
  {
    parameters,
    lint = true,
    with: specs = [],
  }: { parameters: Readonly<Record<string, unknown>>; lint?: boolean; with?: readonly string[] | undefined },
): Graph {
  const graph = readGraph(definition, parameters, { with: readWithSpecs(specs) });
  const findings = lint ? lintFlow(definition, graph) : [];
  if (findings.length > 0) {
    throw new RacewayError(
      'FLOW_DEFINITION',
      `the flow ${definition.name} has ${findings.length === 1 ? 'a mistake' : `${findings.length} mistakes`}:\n` +
        findings.map((finding) => `  ${formatFinding(finding)}`).join('\n'),
      'Mend it and try again; check shows the same list.',
    );
  }
  return graph;
}
