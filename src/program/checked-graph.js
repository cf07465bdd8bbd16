import { RacewayError } from '../core/errors.js';
import { readGraph } from '../flow/graph.js';
import { formatFinding, lintFlow } from '../flow/lint.js';
/**
 * The graph of a flow, checked.
 *
 * @throws {RacewayError} `FLOW_DEFINITION` with one line for each finding of the lint
 */
export function checkedGraph(definition, { parameters, lint = true }) {
  const graph = readGraph(definition, parameters);
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
