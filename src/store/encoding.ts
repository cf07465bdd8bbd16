import { DevalueError, defaultStringifyOperations, parse, stringify, unflatten } from 'devalue';
import { RacewayError } from '../core/errors.ts';

/**
 * Values as bytes and back. Equal values give equal bytes, and reading runs no code: what devalue knows is data, and
 * what it does not know is refused.
 *
 * The bytes are: `RWV1`, the length of the head (32 bit), the head, and the raw bytes of every typed array, each at a
 * multiple of 8 so that it can be read in place. Numbers are little-endian, as are the typed arrays of every machine
 * that Node runs on. The head is JSON: `[[byte lengths of the raw parts], value as devalue writes it]`.
 */

/** A value as bytes, or why it cannot be one. */
export type Encoded =
  | {
      readonly kind: 'encoded';
      /** The bytes in order; large arrays are not copied into one. */
      readonly parts: readonly Uint8Array[];
      readonly sizeBytes: number;
      readonly type: string;
    }
  | {
      readonly kind: 'refused';
      /** What cannot be stored and where it stands, as in `a function at .callbacks[0]`. */
      readonly what: string;
    };

const MAGIC = Buffer.from('RWV1');
const HEAD_OFFSET = 8;
const ALIGNMENT = 8;

/** The bytes of a value. */
export function encodeValue(value: unknown): Encoded {
  const raw: Uint8Array[] = [];
  let text: string;
  try {
    text = stringify(
      value,
      { Raw: (thing: unknown) => reduceRaw(thing, raw), Error: reduceError, ArrayWith: reduceArray },
      EXACT,
    );
  } catch (error) {
    return { kind: 'refused', what: describeRefusal(error) };
  }
  const head = Buffer.from(`[${JSON.stringify(raw.map((part) => part.byteLength))},${text}]`);
  const start = Buffer.alloc(HEAD_OFFSET);
  MAGIC.copy(start);
  start.writeUInt32LE(head.byteLength, MAGIC.byteLength);
  const parts: Uint8Array[] = [start, head];
  let sizeBytes = HEAD_OFFSET + head.byteLength;
  for (const part of raw) {
    const padding = paddingAfter(sizeBytes);
    if (padding > 0) parts.push(Buffer.alloc(padding));
    parts.push(part);
    sizeBytes += padding + part.byteLength;
  }
  return { kind: 'encoded', parts, sizeBytes, type: typeName(value) };
}

/**
 * The value of bytes that `encodeValue` made. Typed arrays are views of `bytes` where it is aligned, not copies.
 *
 * @throws {Error} when the bytes are something else
 */
export function decodeValue(bytes: Uint8Array): unknown {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.byteLength < HEAD_OFFSET || !buffer.subarray(0, MAGIC.byteLength).equals(MAGIC)) {
    throw new Error('these bytes are no value that raceway stored');
  }
  const headEnd = HEAD_OFFSET + buffer.readUInt32LE(MAGIC.byteLength);
  const [lengths, flattened] = JSON.parse(buffer.toString('utf8', HEAD_OFFSET, headEnd)) as [number[], unknown[]];
  const raw: Uint8Array[] = [];
  const whole = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength); // the `slice` of a Buffer copies nothing
  let offset = headEnd;
  for (const length of lengths) {
    if (!Number.isSafeInteger(length) || length < 0) throw new Error('these bytes are no value that raceway stored');
    offset += paddingAfter(offset);
    raw.push(whole.subarray(offset, offset + length));
    offset += length;
  }
  if (offset > bytes.byteLength) throw new Error('these bytes end before their value does');
  return unflatten(flattened, {
    Raw: (part: [string, number]) => reviveRaw(part, raw),
    Error: reviveError,
    ArrayWith: reviveArray,
  });
}

/** A value as text, for small things that people may want to see in the database. */
export function encodeText(
  value: unknown,
): { readonly kind: 'encoded'; readonly text: string } | (Encoded & { kind: 'refused' }) {
  try {
    return { kind: 'encoded', text: stringify(value, { Error: reduceError, ArrayWith: reduceArray }, EXACT) };
  } catch (error) {
    return { kind: 'refused', what: describeRefusal(error) };
  }
}

/** The value of a text that `encodeText` made. @throws {RacewayError} `HOME` when the text is something else */
export function decodeText(text: string): unknown {
  try {
    return parse(text, { Error: reviveError, ArrayWith: reviveArray });
  } catch (cause) {
    throw noValue(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** The same for the parameters of a run, by their names. @throws {RacewayError} `HOME` when the text is something else */
export function decodeParameters(text: string): Readonly<Record<string, unknown>> {
  const values = decodeText(text);
  if (typeof values === 'object' && values !== null && !Array.isArray(values)) return values as Record<string, unknown>;
  throw noValue('these are no parameters');
}

function noValue(why: string, options?: ErrorOptions): RacewayError {
  return new RacewayError(
    'HOME',
    `cannot read a value in the database of the home: ${why}`,
    'The database is damaged, or was not written by raceway. Run raceway doctor, which finds out what can be saved.',
    options,
  );
}

/** What a value is, for people: `string`, `null`, `Array`, `Map`, `Float64Array`. */
export function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'object') return typeof value;
  if (Buffer.isBuffer(value)) return 'Buffer';
  if (value instanceof Error) return value.name;
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

// Raw bytes. Two views of one ArrayBuffer come back as two arrays with a buffer each.

const VIEWS = {
  Buffer,
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float16Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
} as const;

type ViewName = keyof typeof VIEWS;

const VIEW_NAMES = new Map<unknown, ViewName>(
  (Object.keys(VIEWS) as ViewName[]).map((name) => [VIEWS[name].prototype, name]),
);

function reduceRaw(thing: unknown, raw: Uint8Array[]): [string, number] | undefined {
  if (thing instanceof ArrayBuffer && Object.getPrototypeOf(thing) === ArrayBuffer.prototype) {
    return ['ArrayBuffer', raw.push(new Uint8Array(thing)) - 1];
  }
  if (!ArrayBuffer.isView(thing)) return undefined;
  const name = VIEW_NAMES.get(Object.getPrototypeOf(thing));
  if (name === undefined) return undefined;
  return [name, raw.push(new Uint8Array(thing.buffer, thing.byteOffset, thing.byteLength)) - 1];
}

function reviveRaw([name, index]: [string, number], raw: readonly Uint8Array[]): unknown {
  const bytes = raw[index];
  if (bytes === undefined) throw new Error('these bytes are no value that raceway stored');
  if (name === 'ArrayBuffer') return bytes.slice().buffer;
  if (name === 'Buffer') return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (name === 'DataView') return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!Object.hasOwn(VIEWS, name)) throw new Error(`unknown kind of array: ${name}`);
  const View = VIEWS[name as Exclude<ViewName, 'Buffer' | 'DataView'>];
  const { buffer, byteOffset } = bytes.byteOffset % View.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  return new View(buffer as ArrayBuffer, byteOffset, bytes.byteLength / View.BYTES_PER_ELEMENT);
}

// Errors: the built-in classes, with their own properties (`code`, `cause`, …).

const ERRORS = { Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError } as const;

type ErrorName = keyof typeof ERRORS;

const ERROR_NAMES = new Map<unknown, ErrorName>(
  (Object.keys(ERRORS) as ErrorName[]).map((name) => [ERRORS[name].prototype, name]),
);

function reduceError(thing: unknown): [string, string, string, Record<string, unknown>] | undefined {
  if (!(thing instanceof Error)) return undefined;
  const name = ERROR_NAMES.get(Object.getPrototypeOf(thing));
  if (name === undefined) return undefined;
  const own: Record<string, unknown> = {};
  for (const key of Object.getOwnPropertyNames(thing)) {
    if (key !== 'message' && key !== 'stack') own[key] = Reflect.get(thing, key);
  }
  return [name, thing.message, thing.stack ?? '', own];
}

function reviveError([name, message, stack, own]: [string, string, string, Record<string, unknown>]): Error {
  if (!Object.hasOwn(ERRORS, name)) throw new Error(`unknown kind of error: ${name}`);
  if (typeof message !== 'string' || typeof stack !== 'string')
    throw new TypeError('this is no error that raceway stored');
  const error = new ERRORS[name as ErrorName](message);
  const hidden = { enumerable: false, writable: true, configurable: true };
  Object.defineProperty(error, 'stack', { value: stack, ...hidden });
  for (const [key, value] of Object.entries(own)) {
    Object.defineProperty(error, key, { value, ...hidden, enumerable: key !== 'cause' });
  }
  return error;
}

// Arrays with properties of their own besides the items, such as what `String.prototype.match` gives.

function reduceArray(thing: unknown): [unknown[], Record<string, unknown>] | undefined {
  if (!Array.isArray(thing) || Object.getPrototypeOf(thing) !== Array.prototype) return undefined;
  const items: readonly unknown[] = thing;
  // Indices come first among the keys, so the last one tells.
  const last = Object.keys(items).at(-1);
  if (last === undefined || /^\d+$/.test(last)) return undefined;
  const own = Object.entries(items).filter(([key]) => !/^\d+$/.test(key));
  return [items.slice(), Object.fromEntries(own)];
}

function reviveArray([items, own]: [unknown[], Record<string, unknown>]): unknown[] {
  if (!Array.isArray(items) || Object.hasOwn(own, 'length')) throw new Error('this is no array that raceway stored');
  return Object.assign(items, own);
}

// devalue goes by `Object.prototype.toString`, so an instance of a subclass of Map would come back as a Map.

const PLAIN = new Set<unknown>([
  null,
  ...[Object, Array, Map, Set, Date, RegExp, URL, URLSearchParams, Number, String, Boolean, BigInt].map(
    (known) => known.prototype as unknown,
  ),
]);

const EXACT = {
  operations: {
    tagOf: (thing: unknown): string => (comesBack(thing) ? typeName(thing) : 'an instance'),
    shapeOf: (thing: unknown) =>
      comesBack(thing) ? defaultStringifyOperations.shapeOf(thing) : ({ kind: 'not-plain' } as const),
  },
};

/** Not a Map, Date or the like to which somebody gave properties of its own. */
function comesBack(thing: unknown): boolean {
  const prototype: unknown = Object.getPrototypeOf(thing);
  if (prototype === null || prototype === Object.prototype || prototype === Array.prototype) return true;
  return PLAIN.has(prototype) && (typeof thing !== 'object' || thing === null || hasNoProperties(thing));
}

function hasNoProperties(thing: object): boolean {
  return typeName(thing) === 'String' || Object.keys(thing).length === 0; // the characters of a String are properties
}

function describeRefusal(error: unknown): string {
  if (!(error instanceof DevalueError)) {
    return `a value that throws when it is read (${error instanceof Error ? error.message : String(error)})`;
  }
  const where = error.path === '' ? '' : ` at ${error.path}`;
  return `${describeRefused(error.value)}${where}`;
}

function describeRefused(value: unknown): string {
  if (typeof value !== 'object' || value === null) return `a ${typeof value}`;
  if (value instanceof Promise) return 'a promise that was not awaited';
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!comesBack(value) && PLAIN.has(prototype)) return `a ${typeName(value)} with properties of its own`;
  if (PLAIN.has(prototype)) return 'an object with a method "then", symbols as keys, or the key "__proto__"';
  const { constructor } = prototype as { constructor?: unknown };
  return `an instance of ${(typeof constructor === 'function' && constructor.name) || 'a class'}`;
}

function paddingAfter(offset: number): number {
  return (ALIGNMENT - (offset % ALIGNMENT)) % ALIGNMENT;
}
