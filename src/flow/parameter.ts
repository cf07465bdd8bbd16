import type { StandardSchemaV1 } from '@standard-schema/spec';
import { accepts, describeType, type ParameterType, type PlainType } from './parameter-type.ts';

/** Carries the types of a parameter; nothing of it exists when the program runs. */
declare const TYPES: unique symbol;

/** A parameter of a flow, as `parameter.integer()` and its like make it. */
export interface Parameter<Value = unknown, Argument = unknown> {
  readonly type: ParameterType;
  /** What it is when nobody gives it; of a schema, what is handed to the schema then. */
  readonly default: unknown;
  /** One line for people. */
  readonly help: string | undefined;
  /** Whether a run must be given it. */
  readonly required: boolean;
  readonly [TYPES]?: { readonly value: Value; readonly argument: Argument };
}

/** What can be said of every parameter. */
export interface ParameterOptions<Value> {
  /** What it is when nobody gives it. @default none: the field is `undefined` then */
  readonly default?: Value;
  /** One line for `--help`. */
  readonly help?: string;
  /** Whether a run must be given it; says nothing when there is a default. @default false */
  readonly required?: boolean;
}

/** Options with which the field always has a value. */
export type CertainOptions<Value> = ParameterOptions<Value> &
  ({ readonly default: Value } | { readonly required: true });

/**
 * Parameters of a flow, by the type of their value. Each field made so has that type, and `undefined` besides when there
 * is neither a `default` nor `required: true`.
 *
 * @throws {TypeError} when a default is not of the type, or there is nothing to choose from
 *
 * @example
 * FlowSpec.with({
 *   rate: parameter.float({ default: 0.1, help: 'Learning rate' }),
 *   model: parameter.oneOf(['small', 'large'], { required: true }),
 *   note: parameter.string(), // string | undefined
 * });
 */
export const parameter = {
  /** Any text, the empty one included. */
  string: plain<string>({ kind: 'string' }),

  /** A whole number from -(2^53 - 1) to 2^53 - 1. As text: decimal digits, with a `-` before them perhaps. */
  integer: plain<number>({ kind: 'integer' }),

  /** A finite number. As text: decimal, with an exponent perhaps, such as `0.5`, `-3` or `1e-3`. */
  float: plain<number>({ kind: 'float' }),

  /** As text `true` or `1`, `false` or `0`; it always takes a value, as in `--debug=true`. */
  boolean: plain<boolean>({ kind: 'boolean' }),

  json,
  oneOf,
  of,
} as const;

/**
 * Whatever JSON can say. Only that it is JSON is checked: `Value` is what the author promises.
 *
 * @example
 * parameter.json<{ depth: number }>({ default: { depth: 3 } });
 */
function json<Value = unknown>(options: CertainOptions<Value>): Parameter<Value, Value>;
function json<Value = unknown>(options?: ParameterOptions<Value>): Parameter<Value | undefined, Value>;
function json<Value>(options?: ParameterOptions<Value>): Parameter<Value | undefined, Value> {
  if (options?.default === undefined) return define<Value>({ kind: 'json' }, options);
  checkDefault({ kind: 'json' }, options.default);
  // A copy that went through JSON is what every other value of this parameter is, and is nobody else's.
  return define<Value>({ kind: 'json' }, { ...options, default: JSON.parse(JSON.stringify(options.default)) as Value });
}

/**
 * One of some strings and numbers; the field's type is their union.
 *
 * @example
 * parameter.oneOf(['small', 'large'], { default: 'small' }); // 'small' | 'large'
 */
function oneOf<const Value extends string | number>(
  values: readonly Value[],
  options: CertainOptions<NoInfer<Value>>,
): Parameter<Value, Value>;
function oneOf<const Value extends string | number>(
  values: readonly Value[],
  options?: ParameterOptions<NoInfer<Value>>,
): Parameter<Value | undefined, Value>;
function oneOf<Value extends string | number>(
  values: readonly Value[],
  options?: ParameterOptions<Value>,
): Parameter<Value | undefined, Value> {
  // Values are told apart by their text on the command line.
  if (values.length === 0 || new Set(values.map(String)).size !== values.length) {
    throw new TypeError(
      `parameter.oneOf() was given ${values.length === 0 ? 'no values' : 'a value twice'}\n` +
        "Give it what there is to choose from, as in parameter.oneOf(['small', 'large']).",
    );
  }
  return define<Value>({ kind: 'oneOf', values: [...values] }, options);
}

/** The values of a field that a schema makes, when nothing need be given. */
type OptionalOutput<S extends StandardSchemaV1> =
  undefined extends StandardSchemaV1.InferInput<S>
    ? StandardSchemaV1.InferOutput<S>
    : StandardSchemaV1.InferOutput<S> | undefined;

/**
 * What a schema accepts: any Standard Schema, such as those of zod, valibot and arktype. It may validate asynchronously.
 *
 * Text from the command line is handed to the schema as it is; when the schema refuses that, and it is JSON, what the
 * JSON says is handed over. A value from a file is handed over as it is. A `default` is what a caller would give, and
 * goes through the schema when the flow is launched. With nothing given and no default, a schema that accepts `undefined`
 * has the say.
 *
 * @throws {TypeError} when `schema` is no Standard Schema
 *
 * @example
 * parameter.of(z.object({ depth: z.number() }), { required: true });
 */
function of<S extends StandardSchemaV1>(
  schema: S,
  options: CertainOptions<StandardSchemaV1.InferInput<S>>,
): Parameter<StandardSchemaV1.InferOutput<S>, StandardSchemaV1.InferInput<S>>;
function of<S extends StandardSchemaV1>(
  schema: S,
  options?: ParameterOptions<StandardSchemaV1.InferInput<S>>,
): Parameter<OptionalOutput<S>, StandardSchemaV1.InferInput<S>>;
function of(schema: StandardSchemaV1, options: ParameterOptions<unknown> = {}): Parameter {
  if (!isStandardSchema(schema)) {
    throw new TypeError(
      'parameter.of() takes a Standard Schema of version 1 and was given something else\n' +
        'Give it a schema of zod, valibot or arktype, or use another kind of parameter.',
    );
  }
  return new DefinedParameter({ kind: 'schema', schema }, options);
}

interface PlainMaker<Value> {
  (options: CertainOptions<Value>): Parameter<Value, Value>;
  (options?: ParameterOptions<Value>): Parameter<Value | undefined, Value>;
}

function plain<Value>(type: PlainType): PlainMaker<Value> {
  const make = (options?: ParameterOptions<Value>): Parameter<Value | undefined, Value> => define(type, options);
  return make as PlainMaker<Value>;
}

function define<Value>(type: PlainType, options: ParameterOptions<Value> = {}): Parameter<Value | undefined, Value> {
  if (options.default !== undefined) checkDefault(type, options.default);
  return new DefinedParameter(type, options);
}

function checkDefault(type: PlainType, value: unknown): void {
  if (accepts(type, value)) return;
  throw new TypeError(
    `The default of a parameter that takes ${describeType(type)} is ${printed(value)}\n` +
      'Give it a default that a caller could give as well, or none.',
  );
}

function printed(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

function isStandardSchema(value: unknown): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard = (value as Record<string, unknown>)['~standard'];
  return typeof standard === 'object' && standard !== null && (standard as Record<string, unknown>)['version'] === 1;
}

/** What a `Parameter` is when the program runs. */
export class DefinedParameter implements Parameter {
  readonly type: ParameterType;
  readonly default: unknown;
  readonly help: string | undefined;
  readonly required: boolean;

  constructor(type: ParameterType, options: ParameterOptions<unknown>) {
    this.type = type;
    this.default = options.default;
    this.help = options.help;
    this.required = options.required === true && options.default === undefined;
  }
}
