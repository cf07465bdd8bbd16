import { inspect } from 'node:util';
import { RacewayError } from '../core/errors.ts';
import { lazyData } from './data.ts';

/** What is known of something that is kept elsewhere. */
interface KnownMembers {
  readonly pathspec: string;
  readonly [member: string]: string;
}

/**
 * An object of the client for what the flow of another system keeps elsewhere. It has the members that are known;
 * everything else that the class has rejects, or throws where it is a plain property, with `FOREIGN_RUN`.
 */
export function foreign<T extends object>(
  clientClass: { readonly name: string; readonly prototype: T },
  members: KnownMembers,
): T {
  const { pathspec } = members;
  const { name: kind, prototype } = clientClass;
  const known = {
    ...members,
    data: lazyData(pathspec, async (name) => Promise.reject(unavailable(pathspec, `data.${name}`))),
    toString: () => pathspec,
    [inspect.custom]: () => `${kind} ${pathspec} (kept elsewhere)`,
  };
  return new Proxy(Object.setPrototypeOf(known, prototype) as T, {
    get(_, name) {
      if (Object.hasOwn(known, name)) return Reflect.get(known, name) as unknown;
      const member = Object.getOwnPropertyDescriptor(prototype, name);
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
