import { expect, test } from 'vitest';
import { defineFlow } from '../../src/flow/definition.ts';
import { FlowSpec } from '../../src/flow/flow-spec.ts';
import { parameter } from '../../src/flow/parameter.ts';
import { secretValues, withoutSecrets } from '../../src/flow/secret-values.ts';

class Flow extends FlowSpec.with({
  open: parameter.string(),
  token: parameter.string({ secret: true }),
  keys: parameter.file({ secret: true }),
  account: parameter.json({ secret: true }),
}) {}

const { parameters } = defineFlow(Flow);

test('secretValues gives every text in secret values and nothing of the others', () => {
  const circle: Record<string, unknown> = { map: new Map([['deep', new Set(['in a set'])]]), at: new Date(0) };
  circle['self'] = circle;
  expect(
    secretValues(parameters, {
      open: 'shown',
      token: 'abc',
      keys: 'first line\n  second\n\n',
      account: { pin: 1234, empty: '', yes: true, none: null, circle },
    }),
  ).toEqual(['abc', 'first line\n  second\n\n', '1234', 'deep', 'in a set', '1970-01-01T00:00:00.000Z']);
});

test('secretValues gives nothing for what has no value', () => {
  expect(secretValues(parameters, { token: undefined })).toEqual([]);
});

test('withoutSecrets leaves out secret values and nothing else', () => {
  expect(withoutSecrets(parameters, { open: 'a', token: 'b', model: { depth: 3 } })).toEqual({
    open: 'a',
    model: { depth: 3 },
  });
});
