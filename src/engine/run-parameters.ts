import { decodeParameters, decodeText, encodeText } from '../store/encoding.ts';

/** Gives a task the value of one parameter. */
type ValueOf = () => unknown;

/**
 * The parameters of a run, for one task after another: no task may change what the next one gets. What cannot be changed is
 * decoded once and shared, since it may be a file of many megabytes; anything else is made anew for each task.
 */
export class RunParameters {
  readonly #values: readonly (readonly [string, ValueOf])[];

  /** @param text as `encodeText` writes them */
  constructor(text: string) {
    const values = Object.entries(decodeParameters(text));
    this.#values = values.map(([name, value]) => [name, isConstant(value) ? () => value : copier(value)]);
  }

  forTask(): Record<string, unknown> {
    return Object.fromEntries(this.#values.map(([name, valueOf]) => [name, valueOf()]));
  }
}

function copier(value: unknown): ValueOf {
  const encoded = encodeText(value);
  if (encoded.kind === 'refused') throw new Error(`a parameter cannot be copied: it holds ${encoded.what}`);
  return () => decodeText(encoded.text);
}

/** What JSON can say cannot be changed by a task, which gets it frozen; a Map or a Date can. */
function isConstant(value: unknown, seen = new Set<unknown>()): boolean {
  if (typeof value !== 'object' || value === null || seen.has(value)) return true;
  seen.add(value); // a schema may make a circle
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return false;
  return Object.values(value).every((part) => isConstant(part, seen));
}
