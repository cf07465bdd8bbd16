import { expect, test } from 'vitest';
import { defineFlow } from '../../src/flow/definition.ts';
import { FlowSpec, type FlowClass, type ParameterDefinitions } from '../../src/flow/flow-spec.ts';
import { parameter } from '../../src/flow/parameter.ts';

test('a definition has the name of the class and its parameters in order', () => {
  class Slow extends FlowSpec.with({ seconds: parameter.integer({ default: 3 }), note: parameter.string() }) {}
  const { name, parameters } = defineFlow(Slow);
  expect(name).toBe('Slow');
  expect([...parameters.keys()]).toEqual(['seconds', 'note']);
});

test('a definition of a subclass has the parameters of its base', () => {
  class Base extends FlowSpec.with({ seconds: parameter.integer({ default: 3 }) }) {}
  class Derived extends Base {}
  expect(defineFlow(Derived)).toMatchObject({ name: 'Derived', parameters: new Map([['seconds', expect.anything()]]) });
});

test('a definition of a flow without parameters has none', () => {
  class Plain extends FlowSpec {}
  expect(defineFlow(Plain).parameters.size).toBe(0);
});

test.for([
  ['a class that is no flow', class Other {}],
  ['an instance', {}],
  ['nothing', undefined],
] as const)('a definition is refused of %s', ([, given]) => {
  expect(() => defineFlow(given as unknown as FlowClass)).toThrow(
    'What was given as a flow is no class that extends FlowSpec',
  );
});

test('a definition is refused of a class without a name', () => {
  expect(() => defineFlow(class extends FlowSpec {})).toThrow('The flow class has no name');
});

test('a definition is refused of a class whose name cannot be in a pathspec', () => {
  class Größe extends FlowSpec {}
  expect(() => defineFlow(Größe)).toThrow('A flow cannot be called Größe');
});

test('with() throws a TypeError naming what is no parameter', () => {
  const wrong = { seconds: 3 } as unknown as ParameterDefinitions;
  expect(() => FlowSpec.with(wrong)).toThrow(/^FlowSpec\.with\(\) was given seconds, which is no parameter/);
});
