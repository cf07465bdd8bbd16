import { describe, expect, test } from 'vitest';
import { InvalidOptionError } from '../../src/core/errors.ts';
import { defineDecorator } from '../../src/flow/decorator.ts';
import '../../src/flow.ts'; // defines raceway's own
import { readWithSpecs } from '../../src/flow/with-specs.ts';

defineDecorator('shout', {});

describe('--with', () => {
  test.each([
    ['retry', { times: 3, delayMs: 0, backoff: 1, on: 'failure' }],
    ['retry:times=5,delayMs=100', { times: 5, delayMs: 100, backoff: 1, on: 'failure' }],
    ['retry:on=crash', { times: 3, delayMs: 0, backoff: 1, on: 'crash' }],
    ['environment:vars={"A":"1,2","B":"}"}', { vars: { A: '1,2', B: '}' } }],
    ['secrets:sources=["env:A","file:b"]', { sources: ['env:A', 'file:b'] }],
    ['secrets:sources=env:A', { sources: ['env:A'] }],
    [
      'shout:words=["a","b"],loud=true,name=some text,empty=',
      { words: ['a', 'b'], loud: true, name: 'some text', empty: '' },
    ],
  ])('understands %s', (spec, options) => {
    const [decorator] = readWithSpecs([spec]);
    expect(decorator?.options).toStrictEqual(options);
  });

  test('of two of one name the last counts', () => {
    expect(
      readWithSpecs(['retry:times=1', 'isolate', 'retry:times=2']).map(({ name, options }) => [name, options['times']]),
    ).toStrictEqual([
      ['retry', 2],
      ['isolate', undefined],
    ]);
  });

  test.each([
    ['retri', /there is no decorator "retri"\nDid you mean retry\? The decorators are card, catchError,/],
    ['', /there is no decorator ""/],
    ['retry:5', /--with=retry:5 cannot be read: "5" is no key=value/],
    [
      'retry:times=many',
      /--with=retry:times=many cannot be: retry\(\) takes a whole number of 0 or more for times and was given "many"/,
    ],
    ['timeout', /--with=timeout cannot be: timeout\(\) takes a number above 0 for ms and was not given/],
    ['isolate:x=1', /isolate\(\) has no option "x"/],
  ])('refuses %j', (spec, message) => {
    const read = () => readWithSpecs([spec]);
    expect(read).toThrow(InvalidOptionError);
    expect(read).toThrow(message);
  });
});
