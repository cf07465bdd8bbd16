import * as z from 'zod';
import { describe, expect, test } from 'vitest';
import { parameter } from '../../src/flow/parameter.ts';
import { parameterSchema } from '../../src/flow/parameter-schema.ts';

describe('a default', () => {
  test.for([
    ['text for an integer', () => parameter.integer({ default: '3' as unknown as number })],
    ['a fraction for an integer', () => parameter.integer({ default: 0.5 })],
    ['an integer that is not exact', () => parameter.integer({ default: 2 ** 53 })],
    ['NaN for a float', () => parameter.float({ default: Number.NaN })],
    ['a number for a string', () => parameter.string({ default: 3 as unknown as string })],
    ['a number for a boolean', () => parameter.boolean({ default: 1 as unknown as boolean })],
    ['a bigint for JSON', () => parameter.json({ default: 1n })],
    ['a cycle for JSON', () => parameter.json({ default: cycle() })],
    ['a number for a file', () => parameter.file({ default: 3 as unknown as string })],
    ['one wrong value of several', () => parameter.integer({ multiple: true, default: [1, 0.5] })],
    ['what is no choice', () => parameter.oneOf(['a', 'b'], { default: 'c' as 'a' })],
  ] as const)('throws a TypeError when it is %s', ([, make]) => {
    expect(make).toThrow(TypeError);
    expect(make).toThrow('The default of a parameter that takes ');
  });

  test('of several values throws a TypeError when it is no array', () => {
    expect(() => parameter.integer({ multiple: true, default: 1 as unknown as number[] })).toThrow(
      /^The default of a parameter with multiple: true is 1, which is no array\n/,
    );
  });

  test('that is a function is not called at the definition', () => {
    expect(parameter.string({ default: () => expect.unreachable() }).default).toBeUndefined();
  });

  test('of JSON is a copy that nobody else can change', () => {
    const given = { depth: [1] };
    const made = parameter.json({ default: given });
    given.depth.push(2);
    expect(made.default).toEqual({ depth: [1] });
  });

  test('makes a required parameter one that need not be given', () => {
    expect(parameter.string({ default: 'x', required: true }).required).toBe(false);
  });
});

test('oneOf throws a TypeError when there is nothing to choose from', () => {
  expect(() => parameter.oneOf([])).toThrow(/^parameter\.oneOf\(\) was given no values/);
});

test('oneOf throws a TypeError when two values have one text', () => {
  expect(() => parameter.oneOf([1, '1'])).toThrow(/^parameter\.oneOf\(\) was given a value twice/);
});

test('of throws a TypeError when it is given no Standard Schema', () => {
  expect(() => parameter.of({} as z.ZodType)).toThrow(/^parameter\.of\(\) takes a Standard Schema/);
});

describe('the JSON Schema of a parameter', () => {
  test.for([
    ['string', parameter.string(), { type: 'string' }],
    ['integer', parameter.integer({ default: 3 }), { type: 'integer', default: 3 }],
    ['float', parameter.float({ help: 'Learning rate' }), { type: 'number', description: 'Learning rate' }],
    ['boolean', parameter.boolean({ default: false }), { type: 'boolean', default: false }],
    ['json', parameter.json({ default: { a: 1 } }), { default: { a: 1 } }],
    ['oneOf strings', parameter.oneOf(['a', 'b']), { type: 'string', enum: ['a', 'b'] }],
    ['oneOf strings and numbers', parameter.oneOf(['a', 1]), { type: ['string', 'number'], enum: ['a', 1] }],
    ['a file', parameter.file({ default: 'notes.txt' }), { type: 'string', format: 'path', default: 'notes.txt' }],
    [
      'several values',
      parameter.integer({ multiple: true, default: [1] }),
      { type: 'array', items: { type: 'integer' }, default: [1] },
    ],
    [
      'a secret, whose default it leaves out',
      parameter.string({ secret: true, default: 'x' }),
      { type: 'string', writeOnly: true },
    ],
    [
      'a secret whose schema has a default',
      parameter.of(
        z
          .string()
          .default('x')
          .meta({ examples: ['y'] }),
        { secret: true },
      ),
      { type: 'string', writeOnly: true },
    ],
    ['a computed default, which it leaves out', parameter.string({ default: () => 'x' }), { type: 'string' }],
    ['a schema that describes itself', parameter.of(z.number().min(2)), { type: 'number', minimum: 2 }],
    ['a schema that cannot be described', parameter.of(z.date()), {}],
  ] as const)('is right for %s', ([, given, expected]) => {
    expect(parameterSchema(given)).toEqual(expected);
  });
});

function cycle(): unknown {
  const value: Record<string, unknown> = {};
  value['self'] = value;
  return value;
}
