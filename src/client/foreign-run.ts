import { inspect } from 'node:util';
import { RacewayError } from '../core/errors.ts';
import { parsePathspec } from '../core/pathspec.ts';
import { lazyData } from './data.ts';
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
  const known = {
    id,
    flowName: flow,
    pathspec,
    data: lazyData(pathspec, async (name) => Promise.reject(unavailable(pathspec, `data.${name}`))),
    toString: () => pathspec,
    [inspect.custom]: () => `Run ${pathspec} (kept elsewhere)`,
  };
  return new Proxy(Object.setPrototypeOf(known, Run.prototype) as Run, {
    get(_, name) {
      if (Object.hasOwn(known, name)) return Reflect.get(known, name) as unknown;
      const member = Object.getOwnPropertyDescriptor(Run.prototype, name);
      if (member === undefined || name === 'constructor') return Reflect.get(Object.prototype, name) as unknown;
      const error = unavailable(pathspec, String(name));
      if (member.get !== undefined) throw error;
      return () => failing(error);
    },
  });
}

function unavailable(pathspec: string, member: string): RacewayError {
  return new RacewayError(
    'FOREIGN_RUN',
    `cannot read ${member} of ${pathspec}: its flow announced no home of raceway, so its runs are kept elsewhere`,
    "Read it with the flow's own client, or use the handle's status, reason, stdout and stderr.",
  );
}

/** What a method that fails gives back, whether it is awaited, looped over, or is itself what a loop takes. */
function failing(error: RacewayError): Promise<never> & AsyncIterableIterator<never, undefined, undefined> {
  const rejected = Promise.reject(error);
  rejected.catch(() => {});
  return Object.assign(rejected, {
    next: () => rejected,
    [Symbol.asyncIterator]() {
      return this;
    },
  });
}
