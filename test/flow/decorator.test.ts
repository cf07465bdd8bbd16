import { describe, expect, test } from 'vitest';
import { addDecorators, type DefinedDecorator, defineDecorator, withinDecorators } from '../../src/flow/decorator.ts';
import { catchError, environment, join, resources, retry, secrets, step, timeout } from '../../src/flow.ts';
import { mergePolicies } from '../../src/flow/step-policy.ts';

function defined(decorator: unknown): DefinedDecorator {
  return decorator as DefinedDecorator;
}

describe('step() and join() with decorators', () => {
  test('take a list before the body', () => {
    const made = step([retry(), timeout({ ms: 5 })], () => {}) as unknown as { decorators: DefinedDecorator[] };
    expect(made.decorators.map(({ name }) => name)).toStrictEqual(['retry', 'timeout']);
    expect(() => step([retry()])).not.toThrow();
  });

  test.each([
    ['what makes a decorator', () => step([retry as never], () => {}), 'was given the function'],
    ['one twice', () => step([retry(), retry({ times: 1 })], () => {}), 'was given the decorator retry twice'],
    [
      'a join without a body',
      () => join([retry()], undefined as never),
      'join() takes a function and was given undefined',
    ],
  ])('refuse %s', (_what, make, message) => {
    expect(make).toThrow(message);
  });
});

describe('the options of decorators', () => {
  test.each([
    [
      'retry times',
      () => retry({ times: -1 }),
      'retry() takes a whole number of 0 or more for times and was given -1\nWrite it as retry({ times: 3 }).',
    ],
    ['retry backoff', () => retry({ backoff: 0.5 }), 'takes a number of 1 or more for backoff'],
    [
      'retry unknown',
      () => retry({ minutes: 1 } as never),
      'retry() has no option "minutes"\nIts options are times, delayMs, backoff, on.',
    ],
    ['retry no object', () => retry(3 as never), 'retry() takes its options as an object, and was given 3'],
    ['timeout', () => timeout({ ms: 0 }), 'timeout() takes a number above 0 for ms and was given 0'],
    ['timeout NaN', () => timeout({ ms: NaN }), 'takes a number above 0 for ms'],
    ['resources', () => resources({ gpu: 0.5 }), 'takes a whole number of 0 or more for gpu'],
    ['environment', () => environment({ vars: { 'A=B': 'x' } }), 'cannot be the name of a variable'],
    ['environment value', () => environment({ vars: { A: {} as never } }), 'cannot be set to that value'],
    ['secrets', () => secrets({ sources: ['API_KEY'] }), 'secrets() was given the source "API_KEY"'],
    ['no secrets', () => secrets({ sources: [] }), 'as a list, sources'],
    ['catchError', () => catchError({ artifact: 5 as never }), 'takes a string for artifact'],
  ])('%s out of range is refused', (_what, make, message) => {
    expect(make).toThrow(message);
    expect(make).toThrow(TypeError);
  });

  test('a secret is called by its variable, or by its file', () => {
    const { policy } = defined(
      secrets({ sources: ['env:KEY', 'file:/run/my-token.txt', 'OTHER=file:a:b', 'X=env:KEY'] }),
    );
    expect(policy.secrets).toStrictEqual([
      { from: 'environment', place: 'KEY', variable: 'KEY' },
      { from: 'file', place: '/run/my-token.txt', variable: 'MY_TOKEN' },
      { from: 'file', place: 'a:b', variable: 'OTHER' },
      { from: 'environment', place: 'KEY', variable: 'X' },
    ]);
  });
});

describe('defineDecorator', () => {
  test.each(['', 'a b', '1a', 5 as unknown as string])('refuses the name %j', (name) => {
    expect(() => defineDecorator(name, {})).toThrow(TypeError);
  });

  test("refuses the name of raceway's own", () => {
    expect(() => defineDecorator('retry', {})).toThrow("which is raceway's own");
  });

  test('wraps the body, the first decorator outermost', async () => {
    const seen: string[] = [];
    const named = defineDecorator<{ name: string }>('named', {
      around: async ({ options, flow }, next) => {
        seen.push(`${options.name} before`);
        flow[options.name] = true;
        await next();
        seen.push(`${options.name} after`);
      },
    });
    const flow: Record<string, unknown> = {};
    await withinDecorators([defined(named({ name: 'a' })), defined(named({ name: 'b' }))], {
      flow,
      body: async () => void seen.push('body'),
    });
    expect(seen).toStrictEqual(['a before', 'b before', 'body', 'b after', 'a after']);
    expect(flow).toStrictEqual({ a: true, b: true });
  });

  test('refuses to run the body twice', async () => {
    const twice = defineDecorator('twice', {
      around: async (_task, next) => {
        await next();
        await next();
      },
    });
    await expect(withinDecorators([defined(twice())], { flow: {}, body: async () => {} })).rejects.toThrow(
      'the decorator twice called next() twice',
    );
  });

  test('may ask for what the built-in ones ask for', () => {
    const robust = defineDecorator<{ attempts: number }>('robust', {
      policy: ({ attempts }) => ({ retry: { times: attempts - 1, delayMs: 0, backoff: 1, on: 'crash' } }),
    });
    expect(defined(robust({ attempts: 3 })).policy.retry?.times).toBe(2);
  });
});

test('a step keeps its own decorator where another of that name is added', () => {
  const own = [defined(retry({ times: 1 }))];
  const added = addDecorators(own, [defined(retry({ times: 9 })), defined(timeout({ ms: 5 }))]);
  expect(added.map(({ name, options }) => [name, options['times']])).toStrictEqual([
    ['retry', 1],
    ['timeout', undefined],
  ]);
});

test('of several policies the first has the say, and lists and variables add up', () => {
  const merged = mergePolicies([
    { timeoutMs: 1, environment: { A: '1' }, cards: [{ id: 'a', type: 'blank' }] },
    { timeoutMs: 2, isolated: true, environment: { A: '2', B: '2' }, cards: [{ id: 'b', type: 'blank' }] },
  ]);
  expect(merged).toStrictEqual({
    timeoutMs: 1,
    isolated: true,
    environment: { A: '1', B: '2' },
    secrets: [],
    cards: [
      { id: 'a', type: 'blank' },
      { id: 'b', type: 'blank' },
    ],
  });
});
