import type { StandardSchemaV1 } from '@standard-schema/spec';
import { isStandardSchema } from './standard-schema.ts';
import { accepts, describeType, type ParameterType, type PlainType } from './parameter-type.ts';

/** Carries the types of a parameter; nothing of it exists when the program runs. */
declare const TYPES: unique symbol;

/** Carries whether a parameter is secret, as far as the compiler knows; nothing of it exists either. */
export declare const SECRET: unique symbol;

/** A parameter of a flow, as `parameter.integer()` and its like make it. */
export interface Parameter<Value = unknown, Argument = unknown> {
  /** Of each value, when there are several. */
  readonly type: ParameterType;
  /** What a caller would give to get what it is when nobody gives it; `undefined` as well when it is computed. */
  readonly default: unknown;
  /** Computes the default when a run is launched. */
  readonly computeDefault: (() => unknown) | undefined;
  /** One line for people. */
  readonly help: string | undefined;
  /** Whether a run must be given it. */
  readonly required: boolean;
  /** Whether it has any number of values, and is an array. */
  readonly multiple: boolean;
  /** Whether its value is never kept or shown. */
  readonly secret: boolean;
  /** Whether people are not told of it. */
  readonly hidden: boolean;
  readonly [TYPES]?: { readonly value: Value; readonly argument: Argument };
}

/**
 * A parameter as it is made, of which the compiler may know whether it is secret. `Parameter` does not say so: where that is
 * expected, `Secret` would be inferred from it and not from the options.
 */
export interface MadeParameter<Value, Argument, Secret extends boolean> extends Parameter<Value, Argument> {
  readonly [SECRET]: Secret;
}

/** A default: a value, or what computes one. */
export type Default<Value> = Value | (() => Value | Promise<Value>);

/** What can be said of every parameter. */
export interface ParameterOptions<Value> {
  /**
   * What it is when nobody gives it: a value, or a function that is called once when the run is launched, and not when
   * a value is given or the run is resumed. @default none: the field is `undefined` then
   */
  readonly default?: Default<Value>;
  /** One line for `--help`. */
  readonly help?: string;
  /** Whether a run must be given it; says nothing when there is a default. @default false */
  readonly required?: boolean;
  /** Whether it may be given several times, and the field is an array. @default false */
  readonly multiple?: false;
  /**
   * Whether its value is kept out of the store, of error messages and of the list of processes. A resume has to be given
   * it again. @default false
   */
  readonly secret?: boolean;
  /** Whether people are not told of it: `--help`, `show` and messages leave it out. @default false */
  readonly hidden?: boolean;
}

/** Options with which the field always has a value. */
export type CertainOptions<Value> = ParameterOptions<Value> &
  ({ readonly default: Default<Value> } | { readonly required: true });

/** Options with which a parameter has any number of values. */
export interface MultipleOptions<Value> extends Omit<ParameterOptions<readonly Value[]>, 'multiple'> {
  readonly multiple: true;
}

/** The same, and the field always is an array. */
export type CertainMultipleOptions<Value> = MultipleOptions<Value> &
  ({ readonly default: Default<readonly Value[]> } | { readonly required: true });

/** Part of options that tells the type of the parameter whether it is secret. */
interface MaybeSecret<Secret extends boolean> {
  readonly secret?: Secret;
}

/**
 * Parameters of a flow, by the type of their value. Each field made so has that type, and `undefined` besides when there
 * is neither a `default` nor `required: true`. With `multiple: true` it is an array of such values.
 *
 * @throws {TypeError} when a default is not of the type, or there is nothing to choose from
 *
 * @example
 * FlowSpec.with({
 *   rate: parameter.float({ default: 0.1, help: 'Learning rate' }),
 *   model: parameter.oneOf(['small', 'large'], { required: true }),
 *   note: parameter.string(), // string | undefined
 *   day: parameter.string({ default: () => new Date().toISOString().slice(0, 10) }),
 *   titles: parameter.string({ multiple: true, default: [] }), // readonly string[]
 *   token: parameter.string({ secret: true, required: true }),
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

  /**
   * The text of a file, UTF-8. A caller gives its path, and so does the default; a relative one starts at the working
   * folder of the flow. The file is read when the run is launched, and its text is kept with the run: a resume takes that
   * and does not look at the file. The text is handed to every task, so megabytes belong in an artifact.
   */
  file: plain<string>({ kind: 'file' }),

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
function json<Value = unknown>(
  options: CertainOptions<Value> & { readonly secret: true },
): MadeParameter<Value, Value, true>;
function json<Value = unknown>(
  options: CertainMultipleOptions<Value> & { readonly secret: true },
): MadeParameter<readonly Value[], readonly Value[], true>;
function json<Value = unknown>(
  options: MultipleOptions<Value> & { readonly secret: true },
): MadeParameter<readonly Value[] | undefined, readonly Value[], true>;
function json<Value = unknown>(
  options: ParameterOptions<Value> & { readonly secret: true },
): MadeParameter<Value | undefined, Value, true>;
function json<Value = unknown>(options: CertainOptions<Value>): Parameter<Value, Value>;
function json<Value = unknown>(options: CertainMultipleOptions<Value>): Parameter<readonly Value[], readonly Value[]>;
function json<Value = unknown>(
  options: MultipleOptions<Value>,
): Parameter<readonly Value[] | undefined, readonly Value[]>;
function json<Value = unknown>(options?: ParameterOptions<Value>): Parameter<Value | undefined, Value>;
function json(options: AnyOptions = {}): Parameter {
  // Where the author names `Value` nothing else is inferred: so what is secret has signatures of its own.
  return define({ kind: 'json' }, options);
}

/**
 * One of some strings and numbers; the field's type is their union.
 *
 * @example
 * parameter.oneOf(['small', 'large'], { default: 'small' }); // 'small' | 'large'
 */
function oneOf<const Value extends string | number, Secret extends boolean = boolean>(
  values: readonly Value[],
  options: CertainOptions<NoInfer<Value>> & MaybeSecret<Secret>,
): MadeParameter<Value, Value, Secret>;
function oneOf<const Value extends string | number, Secret extends boolean = boolean>(
  values: readonly Value[],
  options: CertainMultipleOptions<NoInfer<Value>> & MaybeSecret<Secret>,
): MadeParameter<readonly Value[], readonly Value[], Secret>;
function oneOf<const Value extends string | number, Secret extends boolean = boolean>(
  values: readonly Value[],
  options: MultipleOptions<NoInfer<Value>> & MaybeSecret<Secret>,
): MadeParameter<readonly Value[] | undefined, readonly Value[], Secret>;
function oneOf<const Value extends string | number, Secret extends boolean = boolean>(
  values: readonly Value[],
  options?: ParameterOptions<NoInfer<Value>> & MaybeSecret<Secret>,
): MadeParameter<Value | undefined, Value, Secret>;
function oneOf(values: readonly (string | number)[], options: AnyOptions = {}): Parameter {
  // Values are told apart by their text on the command line.
  if (values.length === 0 || new Set(values.map(String)).size !== values.length) {
    throw new TypeError(
      `parameter.oneOf() was given ${values.length === 0 ? 'no values' : 'a value twice'}\n` +
        "Give it what there is to choose from, as in parameter.oneOf(['small', 'large']).",
    );
  }
  return define({ kind: 'oneOf', values: [...values] }, options);
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
 * has the say. With `multiple: true` the schema is of each value, and says nothing about how many there are.
 *
 * @throws {TypeError} when `schema` is no Standard Schema
 *
 * @example
 * parameter.of(z.object({ depth: z.number() }), { required: true });
 */
function of<S extends StandardSchemaV1, Secret extends boolean = boolean>(
  schema: S,
  options: CertainOptions<StandardSchemaV1.InferInput<S>> & MaybeSecret<Secret>,
): MadeParameter<StandardSchemaV1.InferOutput<S>, StandardSchemaV1.InferInput<S>, Secret>;
function of<S extends StandardSchemaV1, Secret extends boolean = boolean>(
  schema: S,
  options: CertainMultipleOptions<StandardSchemaV1.InferInput<S>> & MaybeSecret<Secret>,
): MadeParameter<readonly StandardSchemaV1.InferOutput<S>[], readonly StandardSchemaV1.InferInput<S>[], Secret>;
function of<S extends StandardSchemaV1, Secret extends boolean = boolean>(
  schema: S,
  options: MultipleOptions<StandardSchemaV1.InferInput<S>> & MaybeSecret<Secret>,
): MadeParameter<
  readonly StandardSchemaV1.InferOutput<S>[] | undefined,
  readonly StandardSchemaV1.InferInput<S>[],
  Secret
>;
function of<S extends StandardSchemaV1, Secret extends boolean = boolean>(
  schema: S,
  options?: ParameterOptions<StandardSchemaV1.InferInput<S>> & MaybeSecret<Secret>,
): MadeParameter<OptionalOutput<S>, StandardSchemaV1.InferInput<S>, Secret>;
function of(schema: StandardSchemaV1, options: AnyOptions = {}): Parameter {
  if (!isStandardSchema(schema)) {
    throw new TypeError(
      'parameter.of() takes a Standard Schema of version 1 and was given something else\n' +
        'Give it a schema of zod, valibot or arktype, or use another kind of parameter.',
    );
  }
  return define({ kind: 'schema', schema }, options);
}

interface PlainMaker<Value> {
  <Secret extends boolean = boolean>(
    options: CertainOptions<Value> & MaybeSecret<Secret>,
  ): MadeParameter<Value, Value, Secret>;
  <Secret extends boolean = boolean>(
    options: CertainMultipleOptions<Value> & MaybeSecret<Secret>,
  ): MadeParameter<readonly Value[], readonly Value[], Secret>;
  <Secret extends boolean = boolean>(
    options: MultipleOptions<Value> & MaybeSecret<Secret>,
  ): MadeParameter<readonly Value[] | undefined, readonly Value[], Secret>;
  <Secret extends boolean = boolean>(
    options?: ParameterOptions<Value> & MaybeSecret<Secret>,
  ): MadeParameter<Value | undefined, Value, Secret>;
}

function plain<Value>(type: PlainType): PlainMaker<Value> {
  const make = (options: AnyOptions = {}): Parameter => define(type, options);
  return make as PlainMaker<Value>;
}

type AnyOptions = ParameterOptions<unknown> | MultipleOptions<unknown>;

function define(type: ParameterType, options: AnyOptions): Parameter {
  const { default: given } = options;
  if (given === undefined || typeof given === 'function') return new DefinedParameter(type, options);
  for (const value of valuesOf(given, options)) if (type.kind !== 'schema') checkDefault(type, value);
  // A copy that went through JSON is what every other value of such a parameter is, and is nobody else's.
  const copy: unknown = type.kind === 'json' ? JSON.parse(JSON.stringify(given)) : given;
  return new DefinedParameter(type, { ...options, default: copy } as AnyOptions);
}

function valuesOf(given: unknown, { multiple = false }: AnyOptions): readonly unknown[] {
  if (!multiple) return [given];
  if (Array.isArray(given)) return given as unknown[];
  throw new TypeError(
    `The default of a parameter with multiple: true is ${printed(given)}, which is no array\n` +
      'Give it an array of defaults, or none.',
  );
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

/** What a `Parameter` is when the program runs. */
export class DefinedParameter implements Parameter {
  readonly type: ParameterType;
  readonly default: unknown;
  readonly computeDefault: (() => unknown) | undefined;
  readonly help: string | undefined;
  readonly required: boolean;
  readonly multiple: boolean;
  readonly secret: boolean;
  readonly hidden: boolean;

  constructor(type: ParameterType, options: AnyOptions) {
    const { default: given } = options;
    this.type = type;
    this.default = typeof given === 'function' ? undefined : given;
    this.computeDefault = typeof given === 'function' ? (given as () => unknown) : undefined;
    this.help = options.help;
    this.required = options.required === true && given === undefined;
    this.multiple = options.multiple === true;
    this.secret = options.secret === true;
    this.hidden = options.hidden === true;
  }
}
