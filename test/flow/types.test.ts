// What the compiler makes of a flow: `tsc --noEmit` is the test, and an expectation that is not met fails it.
import { expect, expectTypeOf, test } from 'vitest';
import * as v from 'valibot';
import * as z from 'zod';
import type { Artifacts, ConfigInputs, ParameterInputs, ParameterValues } from '../../src/core/flow-shape.ts';
import { config, FlowSpec, join, parameter, step, type Inputs, type Step } from '../../src/flow.ts';

class Typed extends FlowSpec.with({
  seconds: parameter.integer({ default: 3 }),
  note: parameter.string(),
  model: parameter.oneOf(['small', 'large'], { required: true }),
  level: parameter.oneOf([1, 2]),
  plan: parameter.json<{ depth: number }>({ default: { depth: 1 } }),
  anything: parameter.json(),
  since: parameter.of(
    z.string().transform((text) => new Date(text)),
    { default: '2026-11-21' },
  ),
  count: parameter.of(z.number().default(1)),
  size: parameter.of(v.number()),
}) {
  score: number | undefined;
  items: string[] = [];
  #secret = 1;

  get doubled(): number {
    return this.seconds * 2 + this.#secret;
  }

  start = step(async () => {
    await Promise.resolve();
    // @ts-expect-error -- a parameter is constant
    this.seconds = 4;
    // @ts-expect-error -- no such field
    this.missing = 4;
    // @ts-expect-error -- an artifact is no step
    this.next(this.items);
    // @ts-expect-error -- nothing but a step is a step
    this.next('end');
    // @ts-expect-error -- no step at all
    this.next();
    this.next(this.end);
  });

  end = step();

  reset(): void {
    this.score = undefined;
  }
}

class Plain extends FlowSpec {
  start = step(() => this.next(this.end));
  end = step();
}

test('parameters are fields with the type of their value', () => {
  type Field<K extends keyof Typed> = Typed[K];
  expectTypeOf<Field<'seconds'>>().toEqualTypeOf<number>();
  expectTypeOf<Field<'note'>>().toEqualTypeOf<string | undefined>();
  expectTypeOf<Field<'model'>>().toEqualTypeOf<'small' | 'large'>();
  expectTypeOf<Field<'level'>>().toEqualTypeOf<1 | 2 | undefined>();
  expectTypeOf<Field<'plan'>>().toEqualTypeOf<{ depth: number }>();
  expectTypeOf<Field<'anything'>>().toEqualTypeOf<unknown>();
  expectTypeOf<Field<'since'>>().toEqualTypeOf<Date>();
  expectTypeOf<Field<'count'>>().toEqualTypeOf<number>();
  expectTypeOf<Field<'size'>>().toEqualTypeOf<number | undefined>();
});

test('parameters are given by callers with the type that the schema takes', () => {
  const given: ParameterInputs<Typed> = { seconds: 5, model: 'large', since: '2026-11-22', count: undefined };
  // @ts-expect-error -- no such parameter
  const misspelt: ParameterInputs<Typed> = { secnds: 5 };
  // @ts-expect-error -- an integer is a number
  const text: ParameterInputs<Typed> = { seconds: '5' };
  // @ts-expect-error -- not one of them
  const other: ParameterInputs<Typed> = { model: 'medium' };
  // @ts-expect-error -- an artifact is no parameter
  const artifact: ParameterInputs<Typed> = { items: [] };
  // @ts-expect-error -- the flow has no parameters
  const none: ParameterInputs<Plain> = { seconds: 5 };
  expect([given, misspelt, text, other, artifact, none]).toHaveLength(6);
});

test('parameter values have the types that the flow sees', () => {
  expectTypeOf<ParameterValues<Typed>['since']>().toEqualTypeOf<Date>();
  expectTypeOf<keyof ParameterValues<Typed>>().toEqualTypeOf<
    'seconds' | 'note' | 'model' | 'level' | 'plan' | 'anything' | 'since' | 'count' | 'size'
  >();
});

class Secretive extends FlowSpec.with({
  seconds: parameter.integer({ default: 3, secret: false }),
  token: parameter.string({ secret: true, required: true }),
  pin: parameter.integer({ secret: true }),
  keys: parameter.string({ secret: true, multiple: true }),
  mode: parameter.oneOf(['a', 'b'], { secret: true, default: 'a' }),
  account: parameter.json<{ user: string }>({ secret: true, default: { user: 'ada' } }),
  accounts: parameter.json<{ user: string }>({ secret: true, multiple: true, required: true }),
  login: parameter.of(z.object({ user: z.string() }), { secret: true, required: true }),
}) {
  score = 1;
  start = step(() => this.next(this.end));
  end = step();
}

test('parameters that are secret are fields, are given by callers, and are nothing that a run has', () => {
  type Field<K extends keyof Secretive> = Secretive[K];
  expectTypeOf<Field<'token'>>().toEqualTypeOf<string>();
  expectTypeOf<Field<'pin'>>().toEqualTypeOf<number | undefined>();
  expectTypeOf<Field<'keys'>>().toEqualTypeOf<readonly string[] | undefined>();
  expectTypeOf<Field<'mode'>>().toEqualTypeOf<'a' | 'b'>();
  expectTypeOf<Field<'account'>>().toEqualTypeOf<{ user: string }>();
  expectTypeOf<Field<'accounts'>>().toEqualTypeOf<readonly { user: string }[]>();
  expectTypeOf<Field<'login'>>().toEqualTypeOf<{ user: string }>();
  const given: ParameterInputs<Secretive> = { token: 'abc', account: { user: 'bob' }, keys: ['x'] };
  expectTypeOf<keyof ParameterValues<Secretive>>().toEqualTypeOf<'seconds'>();
  expectTypeOf<keyof Artifacts<Secretive>>().toEqualTypeOf<'seconds' | 'score'>();
  expect(given.token).toBe('abc');
});

test('artifacts are the fields that are neither steps nor methods', () => {
  expectTypeOf<Exclude<keyof Artifacts<Typed>, keyof ParameterValues<Typed>>>().toEqualTypeOf<
    'score' | 'items' | 'doubled'
  >();
  expectTypeOf<Artifacts<Typed>['score']>().toEqualTypeOf<number | undefined>();
  // @ts-expect-error -- a step is no artifact
  expectTypeOf<Artifacts<Typed>['start']>().toBeObject();
  // @ts-expect-error -- nor is a method
  expectTypeOf<Artifacts<Typed>['reset']>().toBeFunction();
  expectTypeOf<keyof Artifacts<Plain>>().toBeNever();
});

test('a default is of the type of its parameter', () => {
  // @ts-expect-error -- text
  expect(() => parameter.integer({ default: '3' })).toThrow(TypeError);
  // @ts-expect-error -- not one of them
  expect(() => parameter.oneOf(['a', 'b'], { default: 'c' })).toThrow(TypeError);
  // @ts-expect-error -- no such option
  expect(parameter.string({ defualt: 'x' }).default).toBeUndefined();
});

class Several extends FlowSpec.with(
  {
    notes: parameter.file({ required: true }),
    maybe: parameter.file(),
    day: parameter.string({ default: () => 'Saturday' }),
    seed: parameter.integer({ default: async () => Promise.resolve(1) }),
    titles: parameter.string({ multiple: true }),
    ids: parameter.integer({ multiple: true, default: [] }),
    sizes: parameter.oneOf(['s', 'l'], { multiple: true, required: true }),
    rows: parameter.json<{ id: number }>({ multiple: true, default: () => [{ id: 1 }] }),
    plan: parameter.json<{ depth: number }>({ default: () => ({ depth: 1 }) }),
    dates: parameter.of(
      z.string().transform((text) => new Date(text)),
      { multiple: true },
    ),
    token: parameter.string({ secret: true, hidden: true, required: true }),
  },
  {
    config: {
      model: config.json<{ depth: number }>('model.json'),
      limits: config.yaml('limits.yaml', { schema: z.object({ since: z.string().transform(Number) }) }),
      extra: config.json<{ a: 1 }>('extra.json', { required: false }),
      anything: config.yaml('anything.yaml'),
    },
  },
) {
  depth = this.model.depth;
  start = step(() => {
    // @ts-expect-error -- a config is constant
    this.model = { depth: 3 };
    // @ts-expect-error -- and several values are
    this.ids[0] = 1;
    this.next(this.end);
  });
  end = step();
}

test('several values, files and computed defaults are fields with the type of their value', () => {
  type Field<K extends keyof Several> = Several[K];
  expectTypeOf<Field<'notes'>>().toEqualTypeOf<string>();
  expectTypeOf<Field<'maybe'>>().toEqualTypeOf<string | undefined>();
  expectTypeOf<Field<'day'>>().toEqualTypeOf<string>();
  expectTypeOf<Field<'seed'>>().toEqualTypeOf<number>();
  expectTypeOf<Field<'titles'>>().toEqualTypeOf<readonly string[] | undefined>();
  expectTypeOf<Field<'ids'>>().toEqualTypeOf<readonly number[]>();
  expectTypeOf<Field<'sizes'>>().toEqualTypeOf<readonly ('s' | 'l')[]>();
  expectTypeOf<Field<'rows'>>().toEqualTypeOf<readonly { id: number }[]>();
  expectTypeOf<Field<'plan'>>().toEqualTypeOf<{ depth: number }>();
  expectTypeOf<Field<'dates'>>().toEqualTypeOf<readonly Date[] | undefined>();
  expectTypeOf<Field<'token'>>().toEqualTypeOf<string>();
});

test('configs are fields with the type of their value, and no parameters', () => {
  type Field<K extends keyof Several> = Several[K];
  expectTypeOf<Field<'model'>>().toEqualTypeOf<{ depth: number }>();
  expectTypeOf<Field<'limits'>>().toEqualTypeOf<{ since: number }>();
  expectTypeOf<Field<'extra'>>().toEqualTypeOf<{ a: 1 } | undefined>();
  expectTypeOf<Field<'anything'>>().toEqualTypeOf<unknown>();
  expectTypeOf<ConfigInputs<Several>['limits']>().toEqualTypeOf<{ since: string } | undefined>();
  expectTypeOf<ParameterValues<Several>['model']>().toEqualTypeOf<{ depth: number }>();
  const given: ParameterInputs<Several> = {
    notes: 'notes.txt',
    titles: ['a'],
    sizes: ['s'],
    rows: [{ id: 1 }],
    dates: ['2026-11-21'],
    day: 'Sunday',
  };
  // @ts-expect-error -- a config is no parameter
  const model: ParameterInputs<Several> = { model: { depth: 3 } };
  // @ts-expect-error -- several are an array
  const one: ParameterInputs<Several> = { titles: 'a' };
  // @ts-expect-error -- the type of each
  const wrong: ParameterInputs<Several> = { ids: ['1'] };
  // @ts-expect-error -- the default of several is an array
  expect(() => parameter.integer({ multiple: true, default: 1 })).toThrow(TypeError);
  // @ts-expect-error -- what is computed is of the type as well
  expect(parameter.integer({ default: () => 'a' }).default).toBeUndefined();
  // @ts-expect-error -- no such option
  expect(config.json('x', { requird: false }).required).toBe(true);
  expect([given, model, one, wrong]).toHaveLength(4);
});

class Shapes extends FlowSpec.with({ factor: parameter.integer({ default: 2 }) }) {
  titles: readonly string[] = [];
  verdict: 'good' | 'bad' = 'good';
  isReady = false;
  level: 1 | 2 = 1;
  score = 0;
  #secret = 1;

  start = step(() => {
    this.next(this.work, { foreach: this.titles });
    this.next(this.work, { foreach: new Set(this.titles), allowEmpty: true });
    this.next(this.a, { foreach: [1, 2] });
    this.next(this.a, this.b);
    this.next({ good: this.a, bad: this.b }, { condition: this.verdict });
    this.next({ true: this.a, false: this.b }, { condition: this.isReady });
    this.next({ 1: this.a, 2: this.b }, { condition: this.level });
    // @ts-expect-error -- an item is a string
    this.next(this.work, { foreach: [1, 2] });
    // @ts-expect-error -- a number is no list
    this.next(this.work, { foreach: this.score });
    // @ts-expect-error -- without foreach there is no item
    this.next(this.work);
    // @ts-expect-error -- nor for a branch
    this.next(this.a, this.work);
    // @ts-expect-error -- one step
    this.next(this.a, this.b, { foreach: this.titles });
    // @ts-expect-error -- a case is missing
    this.next({ good: this.a }, { condition: this.verdict });
    // @ts-expect-error -- there is no such case
    this.next({ good: this.a, bad: this.b, ugly: this.a }, { condition: this.verdict });
    // @ts-expect-error -- nor for a boolean
    this.next({ yes: this.a, no: this.b }, { condition: this.isReady });
    // @ts-expect-error -- an artifact is no step
    this.next({ good: this.a, bad: this.titles }, { condition: this.verdict });
    // @ts-expect-error -- a list is no condition
    this.next({ good: this.a, bad: this.b }, { condition: this.titles });
    // @ts-expect-error -- no such option
    this.next(this.work, { foreach: this.titles, each: true });
  });

  work = step((title: string) => {
    this.score = title.length + this.#secret;
    this.next(this.merge);
  });

  a = step(() => this.next(this.merge));

  b = step(() => {
    this.next({ again: this.b, done: this.merge }, { condition: this.score > 1 ? 'done' : 'again' });
  });

  merge = join((inputs: Inputs<this>) => {
    expectTypeOf(inputs.length).toEqualTypeOf<number>();
    const [first] = inputs;
    this.score = (first?.score ?? 0) + inputs.get('a').factor;
    for (const { score, titles } of inputs) this.titles = titles.slice(score);
    // @ts-expect-error -- what a branch left is there to be read
    inputs.get('a').score = 3;
    // @ts-expect-error -- and parameters are
    inputs.get('a').factor = 3;
    // @ts-expect-error -- no such artifact
    void inputs.get('a').missing;
    this.mergeArtifacts(inputs);
    this.mergeArtifacts(inputs, { include: ['score', 'verdict'] });
    // @ts-expect-error -- no such artifact
    this.mergeArtifacts(inputs, { exclude: ['missing'] });
    this.next(this.end);
  });

  end = step();
}

test('steps and joins are no artifacts, whatever item they take', () => {
  expectTypeOf<keyof Artifacts<Shapes>>().toEqualTypeOf<
    'titles' | 'verdict' | 'isReady' | 'level' | 'score' | 'factor'
  >();
  type Work = Shapes['work'];
  expectTypeOf<Work>().toEqualTypeOf<Step<string>>();
});
