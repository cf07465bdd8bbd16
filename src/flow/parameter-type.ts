import type { StandardSchemaV1 } from '@standard-schema/spec';

/** What values a parameter takes; a union by `kind`. */
export type ParameterType =
  | { readonly kind: 'string' }
  | { readonly kind: 'integer' }
  | { readonly kind: 'float' }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'json' }
  /** Given as a path; the value is the text of the file. */
  | { readonly kind: 'file' }
  | { readonly kind: 'oneOf'; readonly values: readonly (string | number)[] }
  | { readonly kind: 'schema'; readonly schema: StandardSchemaV1 };

/** The types whose values raceway checks itself. */
export type PlainType = Exclude<ParameterType, { kind: 'schema' }>;

/** Whether `value`, no longer text, is one that a caller may give for the type. */
export function accepts(type: PlainType, value: unknown): boolean {
  switch (type.kind) {
    case 'string':
    case 'file':
      return typeof value === 'string';
    case 'integer':
      return Number.isSafeInteger(value);
    case 'float':
      return Number.isFinite(value);
    case 'boolean':
      return typeof value === 'boolean';
    case 'json':
      return isJson(value);
    case 'oneOf':
      return type.values.some((one) => one === value);
  }
}

/** What the type takes, in words that follow "takes". */
export function describeType(type: ParameterType): string {
  switch (type.kind) {
    case 'string':
      return 'a string';
    case 'integer':
      return 'an integer';
    case 'float':
      return 'a finite number';
    case 'boolean':
      return 'true or false';
    case 'json':
      return 'JSON';
    case 'file':
      return 'the path of a text file';
    case 'oneOf':
      return `one of ${type.values.join(', ')}`;
    case 'schema':
      return 'what its schema accepts';
  }
}

function isJson(value: unknown): boolean {
  try {
    return JSON.stringify(value) !== undefined;
  } catch {
    return false; // a cycle or a BigInt
  }
}
