import * as v from 'valibot';
import * as z from 'zod';
import { describe, expect, test } from 'vitest';
import { InvalidOptionError } from '../../src/core/errors.ts';
import { defineFlow } from '../../src/flow/definition.ts';
import { FlowSpec, type ParameterDefinitions } from '../../src/flow/flow-spec.ts';
import { parameter, type Parameter } from '../../src/flow/parameter.ts';
import { defaultParameters, resolveParameters, type GivenValue } from '../../src/flow/resolve-parameters.ts';

function declare(definitions: ParameterDefinitions): ReadonlyMap<string, Parameter> {
  class Flow extends FlowSpec.with(definitions) {}
  return defineFlow(Flow).parameters;
}

async function resolve(
  definitions: ParameterDefinitions,
  given: Readonly<Record<string, GivenValue>>,
): Promise<Record<string, unknown>> {
  return await resolveParameters(declare(definitions), new Map(Object.entries(given)));
}

/** The value that one parameter gets from text. */
async function fromText(one: Parameter, text: string): Promise<unknown> {
  return (await resolve({ x: one }, { x: { kind: 'text', texts: [text] } }))['x'];
}

async function fromValue(one: Parameter, value: unknown): Promise<unknown> {
  return (await resolve({ x: one }, { x: { kind: 'value', value } }))['x'];
}

async function errorOf(promise: Promise<unknown>): Promise<InvalidOptionError> {
  const error: unknown = await promise.then(
    () => expect.unreachable(),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(InvalidOptionError);
  return error as InvalidOptionError;
}

describe('text', () => {
  const size = parameter.oneOf(['small', 'large', 3]);

  test.for([
    ['string', parameter.string(), '', ''],
    ['string', parameter.string(), ' 5 ', ' 5 '],
    ['integer', parameter.integer(), '5', 5],
    ['integer', parameter.integer(), '-12', -12],
    ['integer', parameter.integer(), '-0', 0],
    ['integer', parameter.integer(), '9007199254740991', 9007199254740991],
    ['float', parameter.float(), '0.5', 0.5],
    ['float', parameter.float(), '.5', 0.5],
    ['float', parameter.float(), '-3', -3],
    ['float', parameter.float(), '1e-3', 0.001],
    ['boolean', parameter.boolean(), 'true', true],
    ['boolean', parameter.boolean(), '1', true],
    ['boolean', parameter.boolean(), 'false', false],
    ['boolean', parameter.boolean(), '0', false],
    ['json', parameter.json(), '{"a":[1]}', { a: [1] }],
    ['json', parameter.json(), 'null', null],
    ['oneOf', size, 'large', 'large'],
    ['oneOf', size, '3', 3],
  ] as const)('for a parameter of kind %s is understood: %#', async ([, one, text, value]) => {
    expect(await fromText(one, text)).toStrictEqual(value);
  });

  test.for([
    ['integer', parameter.integer(), '', 'an integer'],
    ['integer', parameter.integer(), ' 5', 'an integer'],
    ['integer', parameter.integer(), '1e3', 'an integer'],
    ['integer', parameter.integer(), '0x10', 'an integer'],
    ['integer', parameter.integer(), '5.0', 'an integer'],
    ['integer', parameter.integer(), '+5', 'an integer'],
    ['integer', parameter.integer(), '9007199254740992', 'an integer'],
    ['float', parameter.float(), '', 'a finite number'],
    ['float', parameter.float(), '.', 'a finite number'],
    ['float', parameter.float(), 'NaN', 'a finite number'],
    ['float', parameter.float(), 'Infinity', 'a finite number'],
    ['float', parameter.float(), '1e999', 'a finite number'],
    ['float', parameter.float(), '0x10', 'a finite number'],
    ['boolean', parameter.boolean(), '', 'true or false'],
    ['boolean', parameter.boolean(), 'True', 'true or false'],
    ['boolean', parameter.boolean(), 'yes', 'true or false'],
    ['oneOf', size, 'medium', 'one of small, large, 3'],
  ] as const)('for a parameter of kind %s is refused: %#', async ([, one, text, expected]) => {
    const error = await errorOf(fromText(one, text));
    expect(error).toMatchObject({ option: 'x', expected, received: text });
    expect(error.message).toMatch(`Parameter x takes ${expected} and was given ${JSON.stringify(text)}\n`);
  });

  test('that is nearly a choice is met with a suggestion', async () => {
    expect((await errorOf(fromText(size, 'smal'))).message).toMatch(/\nDid you mean small\?$/);
  });

  test('that is no JSON is refused with what JSON.parse says', async () => {
    const error = await errorOf(fromText(parameter.json(), '{'));
    expect(error.message).toMatch(/^Parameter x takes JSON and was given "\{": Expected property name/);
  });

  test('that is very long is shown shortened', async () => {
    const error = await errorOf(fromText(parameter.integer(), 'x'.repeat(100_000)));
    expect(error.message.length).toBeLessThan(1000);
  });
});

describe('a value from a file', () => {
  test.for([
    ['string', parameter.string(), 'a'],
    ['integer', parameter.integer(), 5],
    ['float', parameter.float(), 0.5],
    ['boolean', parameter.boolean(), true],
    ['json', parameter.json(), [1]],
    ['oneOf', parameter.oneOf(['a', 1]), 1],
  ] as const)('is taken for a parameter of kind %s', async ([, one, value]) => {
    expect(await fromValue(one, value)).toEqual(value);
  });

  test.for([
    ['string', parameter.string(), 5],
    ['integer', parameter.integer(), '5'],
    ['float', parameter.float(), '0.5'],
    ['boolean', parameter.boolean(), 1],
    ['oneOf', parameter.oneOf(['a', 1]), '1'],
  ] as const)('of another type is refused for a parameter of kind %s', async ([, one, value]) => {
    const error = await errorOf(fromValue(one, value));
    expect(error.received).toBe(JSON.stringify(value));
  });
});

describe('a schema', () => {
  test.for([
    ['zod', z.object({ depth: z.number() })],
    ['valibot', v.object({ depth: v.number() })],
  ] as const)('of %s takes JSON out of text', async ([, schema]) => {
    expect(await fromText(parameter.of(schema), '{"depth":3}')).toEqual({ depth: 3 });
  });

  test('that takes text gets the text as it is, even when it is JSON', async () => {
    expect(await fromText(parameter.of(z.union([z.string(), z.number()])), '5')).toBe('5');
  });

  test('that converts text gives the field what it makes of it', async () => {
    expect(await fromText(parameter.of(z.coerce.date()), '2026-11-21')).toEqual(new Date('2026-11-21'));
  });

  test('gets a value from a file as it is', async () => {
    const error = await errorOf(fromValue(parameter.of(z.number()), '5'));
    expect(error.message).toMatch(/^Parameter x was given "5", which its schema refuses: /);
  });

  test('may validate asynchronously', async () => {
    const later = v.pipeAsync(
      v.string(),
      v.transformAsync(async (text) => Promise.resolve(text.toUpperCase())),
    );
    expect(await fromText(parameter.of(later), 'a')).toBe('A');
  });

  test('that refuses says which part and why', async () => {
    const error = await errorOf(fromText(parameter.of(v.object({ depth: v.number('no number') })), '{"depth":"x"}'));
    expect(error).toMatchObject({ option: 'x', expected: 'depth: no number', received: '{"depth":"x"}' });
    expect(error.message.split('\n')).toEqual([
      'Parameter x was given "{\\"depth\\":\\"x\\"}", which its schema refuses: depth: no number',
      'Give it a value that the schema accepts.',
    ]);
  });

  test('sees a default as if a caller had given it', async () => {
    const since = parameter.of(
      z.iso.date().transform((text) => new Date(text)),
      { default: '2026-11-21' },
    );
    expect(await resolve({ since }, {})).toEqual({ since: new Date('2026-11-21') });
  });

  test('with a default of its own has the say when nothing is given', async () => {
    expect(await resolve({ x: parameter.of(z.number().default(4)) }, {})).toEqual({ x: 4 });
  });

  test('that refuses its own default is an error of the flow', async () => {
    await expect(resolve({ x: parameter.of(z.number().min(5), { default: 1 }) }, {})).rejects.toMatchObject({
      code: 'FLOW_DEFINITION',
    });
  });
});

describe('parameters', () => {
  const definitions = {
    seconds: parameter.integer({ default: 3 }),
    note: parameter.string(),
    model: parameter.string({ required: true, help: 'Which model' }),
  };

  test('that nobody gave have their default, or undefined', async () => {
    expect(await resolve(definitions, { model: { kind: 'text', texts: ['m'] } })).toStrictEqual({
      seconds: 3,
      note: undefined,
      model: 'm',
    });
  });

  test('that nobody declared are refused with the nearest name and all there are', async () => {
    const error = await errorOf(resolve(definitions, { secnds: { kind: 'text', texts: ['5'] } }));
    expect(error).toMatchObject({ option: 'secnds', expected: 'seconds, note, model' });
    expect(error.message).toBe(
      'The flow has no parameter secnds\nDid you mean seconds? Its parameters are: seconds, note, model.',
    );
  });

  test('that are required and missing are named with what they take', async () => {
    const error = await errorOf(resolve(definitions, {}));
    expect(error).toMatchObject({ option: 'model', expected: 'a string', received: undefined });
    expect(error.message).toBe(
      'Parameter model is required and was not given\nGive it a string, as --model=<value>. It is: Which model',
    );
  });

  test('of a resumed run are those of its origin where nothing is given', async () => {
    const origin = { seconds: 9, note: 'n', model: 'm' };
    const given = new Map<string, GivenValue>([['seconds', { kind: 'text', texts: ['1'] }]]);
    expect(await resolveParameters(declare(definitions), given, { origin })).toEqual({ ...origin, seconds: 1 });
  });

  test('of a flow that is only looked at are its defaults', async () => {
    expect(await defaultParameters(declare(definitions))).toStrictEqual({
      seconds: 3,
      note: undefined,
      model: undefined,
    });
  });
});
