import type { StandardJSONSchemaV1 } from '@standard-schema/spec';
import type { ParameterType } from './parameter-type.ts';
import type { Parameter } from './parameter.ts';

/** A JSON Schema. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * What may be given for the parameter, as JSON Schema (draft 2020-12): `type` or `enum`, `items` when it has several
 * values, `default` unless it is computed or secret, `description`, `writeOnly` when it is secret, `x-hidden` when people are not to
 * be told of it. Of a Standard Schema as much as it tells itself, which may be nothing.
 */
export function parameterSchema({ type, default: value, help, multiple, secret, hidden }: Parameter): JsonSchema {
  const one = secret ? withoutValues(typeSchema(type)) : typeSchema(type);
  return {
    ...(multiple ? { type: 'array', items: one } : one),
    ...(value === undefined || secret ? {} : { default: value }),
    ...(help === undefined ? {} : { description: help }),
    ...(secret ? { writeOnly: true } : {}),
    ...(hidden ? { 'x-hidden': true } : {}),
  };
}

function withoutValues(schema: JsonSchema): JsonSchema {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== 'default' && key !== 'examples'));
}

function typeSchema(type: ParameterType): JsonSchema {
  switch (type.kind) {
    case 'string':
    case 'integer':
    case 'boolean':
      return { type: type.kind };
    case 'float':
      return { type: 'number' };
    case 'json':
      return {};
    case 'file':
      return { type: 'string', format: 'path' };
    case 'oneOf': {
      const types = [...new Set(type.values.map((value) => typeof value))];
      return { type: types.length === 1 ? types[0] : types, enum: type.values };
    }
    case 'schema':
      return describedBy(type.schema);
  }
}

/** What a Standard Schema tells of itself, as JSON Schema. */
export function describedBy(schema: object): JsonSchema {
  const { '~standard': standard } = schema as { '~standard': Partial<StandardJSONSchemaV1['~standard']> };
  if (standard.jsonSchema === undefined) return {};
  try {
    const { $schema: _, ...described } = standard.jsonSchema.input({ target: 'draft-2020-12' });
    return described;
  } catch {
    return {}; // something in it has no counterpart in JSON Schema
  }
}
