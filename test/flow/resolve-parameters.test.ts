import { writeFileSync } from 'node:fs';
import * as v from 'valibot';
import * as z from 'zod';
import { describe, expect, test } from 'vitest';
import { inspect } from 'node:util';
import { InvalidOptionError, RacewayError } from '../../src/core/errors.ts';
import { defineFlow } from '../../src/flow/definition.ts';
import { FlowSpec, type ParameterDefinitions } from '../../src/flow/flow-spec.ts';
import { parameter, type Parameter } from '../../src/flow/parameter.ts';
import { temporaryFolder } from '../temporary-folder.ts';
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

describe('a parameter with several values', () => {
  const titles = parameter.string({ multiple: true });
  const counts = parameter.integer({ multiple: true });

  test.for([
    ['each of several texts', titles, ['a', 'b'], ['a', 'b']],
    ['one text', titles, ['a'], ['a']],
    ['one text that is a JSON array', titles, ['["a","b"]'], ['a', 'b']],
    ['one text that is an empty JSON array', titles, ['[]'], []],
    ['a JSON array beside another text as text', titles, ['["a"]', 'b'], ['["a"]', 'b']],
    ['what only looks like an array as text', titles, ['[a, b]'], ['[a, b]']],
    ['numbers', counts, ['1', '2'], [1, 2]],
    ['numbers of a JSON array', counts, ['[1, "2"]'], [1, 2]],
    ['arrays in a JSON array', parameter.json({ multiple: true }), ['[[1,2]]'], [[1, 2]]],
    ['strings in a JSON array', parameter.json({ multiple: true }), ['["a",{"b":1}]'], ['a', { b: 1 }]],
    ['choices', parameter.oneOf(['a', 1], { multiple: true }), ['1', 'a'], [1, 'a']],
    ['booleans', parameter.boolean({ multiple: true }), ['[true,false]'], [true, false]],
    ['what a schema makes of each', parameter.of(z.coerce.number(), { multiple: true }), ['1', '2'], [1, 2]],
  ] as const)('takes %s', async ([, one, texts, expected]) => {
    expect((await resolve({ x: one }, { x: { kind: 'text', texts } }))['x']).toStrictEqual(expected);
  });

  test.for([
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
    ['a', ['a']],
  ] as const)('takes %j from a file', async ([value, expected]) => {
    expect(await fromValue(titles, value)).toStrictEqual(expected);
  });

  test('says which value is wrong', async () => {
    const error = await errorOf(resolve({ x: counts }, { x: { kind: 'text', texts: ['1', 'b'] } }));
    expect(error).toMatchObject({ option: 'x', received: 'b' });
    expect(error.message).toMatch(/^Parameter x\[1\] takes an integer and was given "b"\n/);
    const ofSchema = parameter.of(z.object({ depth: z.number('no number') }), { multiple: true });
    expect((await errorOf(fromText(ofSchema, '[{"depth":1},{"depth":"x"}]'))).message).toMatch(
      /^Parameter x\[1\] was given \{"depth":"x"\}, which its schema refuses: depth: no number\n/,
    );
  });

  test('has its default as it is, and without one is undefined', async () => {
    const some = parameter.integer({ multiple: true, default: [1, 2] });
    const schema = parameter.of(z.string().toUpperCase(), { multiple: true, default: ['a', 'b'] });
    expect(await resolve({ some, schema, counts }, {})).toStrictEqual({
      some: [1, 2],
      schema: ['A', 'B'],
      counts: undefined,
    });
  });

  test('does without a text twice when it has one value: the last counts', async () => {
    expect(await resolve({ x: parameter.integer() }, { x: { kind: 'text', texts: ['1', '2'] } })).toEqual({ x: 2 });
  });
});

describe('a file', () => {
  test('is read, without its byte order mark', async () => {
    using folder = temporaryFolder();
    writeFileSync(folder.file('notes.txt'), '\uFEFFgrüße\n');
    expect(await fromText(parameter.file(), folder.file('notes.txt'))).toBe('grüße\n');
  });

  test('that is the default is read when nobody gives another', async () => {
    using folder = temporaryFolder();
    writeFileSync(folder.file('notes.txt'), 'default');
    const notes = parameter.file({ default: folder.file('notes.txt') });
    expect(await resolve({ notes }, {})).toEqual({ notes: 'default' });
    expect(await defaultParameters(declare({ notes }))).toEqual({ notes: 'default' });
  });

  test('may be one of several', async () => {
    using folder = temporaryFolder();
    for (const name of ['a', 'b']) writeFileSync(folder.file(name), name.repeat(3));
    const texts = [folder.file('a'), folder.file('b')];
    expect(await resolve({ x: parameter.file({ multiple: true }) }, { x: { kind: 'text', texts } })).toEqual({
      x: ['aaa', 'bbb'],
    });
  });

  test('that cannot be read is an error that says why', async () => {
    using folder = temporaryFolder();
    const missing = folder.file('missing');
    const error = await errorOf(fromText(parameter.file(), missing));
    expect(error).toMatchObject({ option: 'x', expected: 'the path of a text file', received: missing });
    expect(error.message.split('\n')).toEqual([
      `Parameter x is the file ${JSON.stringify(missing)}, which cannot be read: there is no such file`,
      `Give the path of a text file in UTF-8; a relative one starts at ${process.cwd()}.`,
    ]);
    expect((await errorOf(fromText(parameter.file(), folder.path))).message).toContain(
      'cannot be read: it is a folder',
    );
    writeFileSync(folder.file('bytes'), new Uint8Array([0xff, 0xfe, 0x00]));
    expect((await errorOf(fromText(parameter.file(), folder.file('bytes')))).message).toContain('it is not UTF-8 text');
    const byDefault = await errorOf(resolve({ x: parameter.file({ default: missing }) }, {}));
    expect(byDefault.message).toMatch(/^The default of parameter x is the file /);
  });

  test('that is missing does not keep anybody from looking at the flow', async () => {
    expect(await defaultParameters(declare({ x: parameter.file({ default: '/missing' }) }))).toEqual({ x: undefined });
  });
});

describe('a default that is computed', () => {
  test('is computed once, when nothing else is there', async () => {
    let calls = 0;
    const day = parameter.integer({ default: async () => Promise.resolve(++calls) });
    expect(await resolve({ day }, {})).toEqual({ day: 1 });
    expect(await resolve({ day }, { day: { kind: 'text', texts: ['7'] } })).toEqual({ day: 7 });
    expect(await resolveParameters(declare({ day }), new Map(), { origin: { day: 9 } })).toEqual({ day: 9 });
    expect(await defaultParameters(declare({ day }))).toEqual({ day: undefined });
    expect(calls).toBe(1);
  });

  test('goes through the schema', async () => {
    const since = parameter.of(
      z.iso.date().transform((text) => new Date(text)),
      { default: () => '2026-11-21' },
    );
    expect(await resolve({ since }, {})).toEqual({ since: new Date('2026-11-21') });
  });

  test('may be several, or the path of a file', async () => {
    using folder = temporaryFolder();
    writeFileSync(folder.file('notes.txt'), 'text');
    expect(
      await resolve(
        {
          ids: parameter.integer({ multiple: true, default: () => [1, 2] }),
          notes: parameter.file({ default: () => folder.file('notes.txt') }),
        },
        {},
      ),
    ).toEqual({ ids: [1, 2], notes: 'text' });
  });

  test.for([
    ['of another type', parameter.integer({ default: () => 'a' as unknown as number }), '"a"; it takes an integer'],
    ['that is nothing', parameter.string({ default: () => undefined as unknown as string }), 'undefined; it takes a'],
    [
      'that is no array',
      parameter.integer({ multiple: true, default: () => 1 as unknown as number[] }),
      '1; it takes an array, each an integer',
    ],
  ] as const)('is refused with the name of the parameter when it is one %s', async ([, one, message]) => {
    await expect(resolve({ x: one }, {})).rejects.toMatchObject({
      code: 'FLOW_DEFINITION',
      message: expect.stringContaining(`The default of parameter x was computed as ${message}`),
    });
  });

  test('and cannot be is an error in one line that names the parameter', async () => {
    const broken = parameter.string({
      default: () => {
        throw new Error('the server is away');
      },
    });
    await expect(resolve({ broken }, {})).rejects.toMatchObject({
      code: 'FLOW_DEFINITION',
      message:
        'The default of parameter broken could not be computed: Error: the server is away\n' +
        'Mend what it needs, or give the parameter a value: --broken=<value>.',
    });
  });
});

describe('a secret', () => {
  const secret = true;

  test.for([
    ['integer', parameter.integer({ secret }), 'hunter2'],
    ['float', parameter.float({ secret }), 'hunter2'],
    ['boolean', parameter.boolean({ secret }), 'hunter2'],
    ['json', parameter.json({ secret }), 'hunter2'],
    ['oneOf', parameter.oneOf(['hunter3'], { secret }), 'hunter2'],
    ['several', parameter.integer({ secret, multiple: true }), '[1,"hunter2"]'],
    ['zod', parameter.of(z.literal('x'), { secret }), 'hunter2'],
    ['valibot, whose issues repeat it', parameter.of(v.number(), { secret }), 'hunter2'],
    [
      'a schema that throws it',
      parameter.of(
        z.string().transform((text) => {
          throw new Error(text);
        }),
        { secret },
      ),
      'hunter2',
    ],
  ] as const)('is not in the error when it is refused: %s', async ([, one, text]) => {
    const error: unknown = await fromText(one, text).then(
      () => expect.unreachable(),
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(RacewayError);
    expect(inspect(error, { depth: 9 })).toMatch(/parameter x/i);
    expect(inspect(error, { depth: 9 })).not.toContain('hunter2');
  });

  test('that cannot be computed is told without what was thrown, which may hold it', async () => {
    const token = parameter.string({
      secret: true,
      default: () => {
        throw new Error('no hunter2');
      },
    });
    const error: unknown = await resolve({ token }, {}).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      message: expect.stringMatching(/^The default of parameter token could not be computed\n/),
    });
    expect(inspect(error)).not.toContain('hunter2');
  });

  test('that is computed is not in the error when it is refused', async () => {
    const one = parameter.integer({ secret, default: () => 'hunter2' as unknown as number });
    await expect(resolve({ x: one }, {})).rejects.toThrow('was computed as something else; it takes an integer');
  });

  test('that is missing is asked for in the environment, and on a resume with the reason', async () => {
    const parameters = declare({ x: parameter.string({ secret, required: true }) });
    expect((await errorOf(resolveParameters(parameters, new Map()))).message).toBe(
      'Parameter x is required and was not given\nGive it a string, in the environment as RACEWAY_RUN_X.',
    );
    expect((await errorOf(resolveParameters(parameters, new Map(), { origin: {} }))).message).toBe(
      'Parameter x is required and was not given again: it is secret, so the run that is resumed did not keep it\n' +
        'Give it a string, in the environment as RACEWAY_RESUME_X.',
    );
  });
});

test('a schema that throws is an error of the flow', async () => {
  const broken = v.pipeAsync(
    v.string(),
    v.checkAsync(async () => Promise.reject(new Error('the server is away'))),
  );
  await expect(fromText(parameter.of(broken), 'a')).rejects.toMatchObject({
    code: 'FLOW_DEFINITION',
    message: expect.stringMatching(
      /^The schema of parameter x threw instead of judging what it was given: Error: the server is away\n/,
    ),
  });
});

test.for([
  ['zod', z.string().refine(async (text) => Promise.resolve(text !== 'b'), 'not that')],
  [
    'valibot',
    v.pipeAsync(
      v.string(),
      v.checkAsync(async (text) => Promise.resolve(text !== 'b'), 'not that'),
    ),
  ],
] as const)('an asynchronous check of %s accepts and refuses', async ([, schema]) => {
  const one = parameter.of(schema, { multiple: true, default: ['c'] });
  expect(await fromText(one, 'a')).toEqual(['a']);
  expect((await errorOf(fromText(one, 'b'))).message).toContain('which its schema refuses: not that');
  expect(await resolve({ one }, {})).toEqual({ one: ['c'] });
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

  test('that are hidden are not named where people are told of parameters', async () => {
    const hidden = { ...definitions, internal: parameter.string({ hidden: true }) };
    const error = await errorOf(resolve(hidden, { internl: { kind: 'text', texts: ['5'] } }));
    expect(error.message).not.toMatch(/\binternal\b/);
    expect(
      await resolve(hidden, { model: { kind: 'text', texts: ['m'] }, internal: { kind: 'text', texts: ['5'] } }),
    ).toMatchObject({ internal: '5' });
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

  test.each([
    ['an integer', '"abc"', parameter.integer(), 'abc'],
    ['one of small, large', '"huge"', parameter.oneOf(['small', 'large']), 'huge'],
    ['an array, each a string', '"a"', parameter.string({ multiple: true }), 'a'],
    ['an array, each a string', '["a",1]', parameter.string({ multiple: true }), ['a', 1]],
    ['a string', '["a"]', parameter.string(), ['a']],
    ['a string', 'something else', parameter.string({ secret: true }), 5],
  ] as const)('of a resumed run are refused for %s when they were %s', async (expected, what, x, value) => {
    const resolving = resolveParameters(declare({ x }), new Map(), { origin: { x: value } });
    const again = x.secret ? 'in the environment as RACEWAY_RESUME_X' : 'as --x=<value>';
    await expect(resolving).rejects.toMatchObject({
      name: 'InvalidOptionError',
      option: 'x',
      expected,
      message: `Parameter x takes ${expected} now, and the origin run has ${what}\nGive it again, ${again}.`,
    });
  });

  test('of a resumed run are what they would be in a new one where its origin had none', async () => {
    const parameters = declare({ seconds: parameter.integer({ default: 3 }), note: parameter.string() });
    const none = { seconds: undefined, note: undefined };
    expect(await resolveParameters(parameters, new Map(), { origin: none })).toStrictEqual({ ...none, seconds: 3 });
    const required = declare({ note: parameter.string({ required: true }) });
    await expect(resolveParameters(required, new Map(), { origin: none })).rejects.toThrow('note is required');
  });

  test('of a resumed run stay as their schema made them', async () => {
    const date = parameter.of(z.string().transform((text) => new Date(text)));
    const origin = { date: new Date(0) };
    expect(await resolveParameters(declare({ date }), new Map(), { origin })).toStrictEqual(origin);
  });

  test('of a flow that is only looked at are its defaults', async () => {
    expect(await defaultParameters(declare(definitions))).toStrictEqual({
      seconds: 3,
      note: undefined,
      model: undefined,
    });
  });
});
