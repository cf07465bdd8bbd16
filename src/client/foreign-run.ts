import { parsePathspec } from '../core/pathspec.ts';
import { foreign } from './foreign.ts';
import { Run } from './run.ts';

/**
 * The run of a flow that speaks Metaflow's part of the protocol only, and so keeps its runs elsewhere. It has `id`,
 * `pathspec` and `flowName`; everything else a `Run` has rejects, or throws where it is a plain property, with
 * `FOREIGN_RUN`.
 *
 * @throws {RacewayError} `PATHSPEC` when this is no pathspec of a run
 */
export function foreignRun(pathspec: string): Run {
  const { flow, run: id } = parsePathspec(pathspec, 'run');
  return foreign<Run>(Run, { id, flowName: flow, pathspec });
}
