import type { StandardSchemaV1 } from '@standard-schema/spec';
import { isStandardSchema } from './standard-schema.ts';

/** Carries the types of a config; nothing of it exists when the program runs. */
declare const TYPES: unique symbol;

/** How a configuration file is written. */
export type ConfigFormat = 'json' | 'yaml';

/** A configuration file of a flow, as `config.json()` and `config.yaml()` make it. */
export interface Config<Value = unknown, Argument = unknown> {
  readonly format: ConfigFormat;
  /** The file that is read when the caller names none; a relative path starts at the working folder of the flow. */
  readonly file: string;
  readonly schema: StandardSchemaV1 | undefined;
  /** Whether the file has to be there. */
  readonly required: boolean;
  readonly [TYPES]?: { readonly value: Value; readonly argument: Argument };
}

/** What can be said of every config. */
export interface ConfigOptions {
  /** Whether the file has to be there. Without it the field is `undefined`. @default true */
  readonly required?: boolean;
}

/**
 * Configuration files of a flow, by their format. They are read before the flow is constructed, so that initialisers
 * can use them, and become readonly fields, constant all the way down. What they say is kept with the run.
 *
 * @example
 * class Train extends FlowSpec.with(
 *   { seed: parameter.integer({ default: 1 }) },
 *   { config: { model: config.json<{ depth: number }>('model.json'), limits: config.yaml('limits.yaml', { schema }) } },
 * ) { … }
 */
export const config = {
  /** JSON. Without a `schema`, `Value` is what the author promises. */
  json: maker('json'),

  /** YAML 1.2 with merge keys (`<<`), one document. Without a `schema`, `Value` is what the author promises. */
  yaml: maker('yaml'),
} as const;

interface ConfigMaker {
  /**
   * @param file read when the caller names none; a relative path starts at the working folder of the flow, and
   *   `new URL('model.json', import.meta.url)` stands beside the script
   * @throws {TypeError} when `schema` is no Standard Schema
   */
  <S extends StandardSchemaV1>(
    file: string | URL,
    options: { readonly schema: S; readonly required: false },
  ): Config<StandardSchemaV1.InferOutput<S> | undefined, StandardSchemaV1.InferInput<S>>;
  <S extends StandardSchemaV1>(
    file: string | URL,
    options: ConfigOptions & { readonly schema: S },
  ): Config<StandardSchemaV1.InferOutput<S>, StandardSchemaV1.InferInput<S>>;
  <Value = unknown>(file: string | URL, options: { readonly required: false }): Config<Value | undefined, Value>;
  <Value = unknown>(file: string | URL, options?: ConfigOptions): Config<Value, Value>;
}

function maker(format: ConfigFormat): ConfigMaker {
  return (file: string | URL, options?: ConfigOptions & { readonly schema?: StandardSchemaV1 }): Config =>
    new DefinedConfig({ format, file }, options);
}

/** What a `Config` is when the program runs. */
export class DefinedConfig implements Config {
  readonly format: ConfigFormat;
  readonly file: string;
  readonly schema: StandardSchemaV1 | undefined;
  readonly required: boolean;

  constructor(
    { format, file }: { format: ConfigFormat; file: string | URL },
    { schema, required = true }: ConfigOptions & { readonly schema?: StandardSchemaV1 } = {},
  ) {
    const given: unknown = file;
    if (typeof given !== 'string' && !(given instanceof URL && given.protocol === 'file:')) {
      throw new TypeError(
        `config.${format}() takes the path of a file, or a file: URL, and was given something else\n` +
          `Name the file that is read when nobody gives another, as in config.${format}('model.${format}').`,
      );
    }
    if (schema !== undefined && !isStandardSchema(schema)) {
      throw new TypeError(
        `config.${format}() takes a Standard Schema of version 1 as its schema and was given something else\n` +
          'Give it a schema of zod, valibot or arktype, or none.',
      );
    }
    this.format = format;
    this.file = typeof file === 'string' ? file : decodeURIComponent(file.pathname);
    this.schema = schema;
    this.required = required;
  }
}
