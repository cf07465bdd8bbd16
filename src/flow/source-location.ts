import type { Session } from 'node:inspector';
import { fileURLToPath } from 'node:url';

/** A line of a file, counted from 1. */
export interface SourceLocation {
  readonly file: string;
  readonly line: number;
}

/**
 * Where functions are written. Of a class it is its constructor, or the class when it has none of its own.
 *
 * Node strips types by blanks, so lines are those of the TypeScript file. Asking takes about 50 ms, however many there
 * are: ask once, and only when there is something to say. What cannot be found is left out.
 */
export function sourceLocations(functions: Iterable<object>): ReadonlyMap<object, SourceLocation> {
  const locations = new Map<object, SourceLocation>();
  const session = openSession();
  if (session === undefined) return locations;
  try {
    const files = new Map<string, string>();
    session.on('Debugger.scriptParsed', ({ params }) => files.set(params.scriptId, params.url));
    session.post('Debugger.enable');
    for (const one of functions) {
      const place = locate(session, one);
      const url = place === undefined ? undefined : files.get(place.scriptId);
      if (place === undefined || url === undefined || url === '') continue;
      locations.set(one, {
        file: url.startsWith('file://') ? fileURLToPath(url) : url,
        line: place.lineNumber + 1,
      });
    }
  } finally {
    session.disconnect();
  }
  return locations;
}

/** A session with this process's own inspector, whose answers arrive before `post` returns. */
function openSession(): Session | undefined {
  try {
    const session = new (process.getBuiltinModule('node:inspector').Session)();
    session.connect();
    return session;
  } catch {
    return undefined; // a Node without inspector
  }
}

interface Place {
  readonly scriptId: string;
  readonly lineNumber: number;
}

/** The name under which the inspector finds the function that is asked about. */
const ASKED = Symbol.for('raceway.sourceLocation');

function locate(session: Session, one: object): Place | undefined {
  let place: Place | undefined;
  const global = globalThis as Record<symbol, unknown>;
  global[ASKED] = one;
  try {
    const expression = `globalThis[Symbol.for(${JSON.stringify(ASKED.description)})]`;
    session.post('Runtime.evaluate', { expression }, (_, evaluated) => {
      const { objectId } = evaluated?.result ?? {};
      if (objectId === undefined) return;
      session.post('Runtime.getProperties', { objectId, ownProperties: true }, (_error, properties) => {
        const found = properties?.internalProperties?.find(({ name }) => name === '[[FunctionLocation]]');
        place = found?.value?.value as Place | undefined;
      });
    });
  } finally {
    delete global[ASKED];
  }
  return place;
}
