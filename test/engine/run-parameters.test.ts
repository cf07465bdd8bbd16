import { expect, test } from 'vitest';
import { RunParameters } from '../../src/engine/run-parameters.ts';
import { encodeParameters } from '../../src/flow/encode-parameters.ts';

function parametersOf(values: Readonly<Record<string, unknown>>): RunParameters {
  return new RunParameters(encodeParameters(values));
}

test('parameters are what they were, whatever they are', () => {
  const circle: Record<string, unknown> = { name: 'circle' };
  circle['self'] = circle;
  const values = {
    text: 'a',
    none: undefined,
    list: [1, { deep: true }],
    map: new Map([['a', 1]]),
    day: new Date(0),
    circle,
  };
  const parameters = parametersOf(values);
  expect(parameters.forTask()).toStrictEqual(values);
  expect(parameters.forTask()).toStrictEqual(values);
});

test('what a task can change is not that of the next one, and what it cannot is shared', () => {
  const parameters = parametersOf({ map: new Map([['a', 1]]), inside: { day: new Date(0) }, plain: { list: [1] } });
  const first = parameters.forTask() as { map: Map<string, number>; inside: { day: Date }; plain: object };
  first.map.set('b', 2);
  first.inside.day.setFullYear(2000);
  const second = parameters.forTask();
  expect(second).toStrictEqual({ map: new Map([['a', 1]]), inside: { day: new Date(0) }, plain: { list: [1] } });
  expect(second['plain']).toBe(first.plain);
});
