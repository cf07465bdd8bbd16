// What the compiler makes of tests of flows: `tsc --noEmit` is the test, and an expectation that is not met fails it.
import { expect, expectTypeOf, test } from 'vitest';
import { FlowSpec, type Inputs, join, parameter, step } from '../../src/flow.ts';
import { runFlow, runStep, type LeftArtifacts, type StepName } from '../../src/testing.ts';

class Typed extends FlowSpec.with({ limit: parameter.integer({ default: 1 }) }) {
  lines: string[] = [];
  count: number | undefined;

  start = step(() => this.next(this.work, { foreach: this.lines }));
  work = step(async (line: string) => {
    await Promise.resolve();
    this.count = line.length;
    this.next(this.gather);
  });
  gather = join((inputs: Inputs<this>) => {
    this.count = inputs.length;
    this.next(this.end);
  });
  end = step();

  method(): void {}
}

class Plain extends FlowSpec {
  start = step(() => this.next(this.end));
  end = step();
}

test('step names are those of the flow', () => {
  expectTypeOf<StepName<Typed>>().toEqualTypeOf<'start' | 'work' | 'gather' | 'end'>();
  expectTypeOf<StepName<FlowSpec>>().toEqualTypeOf<string>();
});

test('artifacts are neither parameters, steps nor methods', () => {
  expectTypeOf<LeftArtifacts<Typed>>().toEqualTypeOf<{
    readonly lines: string[];
    readonly count: number | undefined;
  }>();
  expectTypeOf<keyof LeftArtifacts<Plain>>().toBeNever();
});

test('runStep takes and gives what the step does', () => {
  const right = () => [
    runStep(Typed, 'work', { item: 'a', parameters: { limit: 2 }, artifacts: { count: 1 } }),
    runStep(Typed, 'gather', { inputs: [{ count: 1 }, {}] }),
    runStep(Typed, 'gather', { inputs: { work: { count: 1 } } }),
  ];
  const wrong = () => [
    // @ts-expect-error -- no such step
    runStep(Typed, 'lines'),
    // @ts-expect-error -- the item is a string
    runStep(Typed, 'work', { item: 1 }),
    // @ts-expect-error -- no such artifact
    runStep(Typed, 'start', { artifacts: { lnes: [] } }),
    // @ts-expect-error -- of another type
    runStep(Typed, 'start', { artifacts: { lines: [1] } }),
    // @ts-expect-error -- a parameter is no artifact
    runStep(Typed, 'start', { artifacts: { limit: 1 } }),
    // @ts-expect-error -- an artifact is no parameter
    runStep(Typed, 'start', { parameters: { lines: [] } }),
    // @ts-expect-error -- no such step
    runStep(Typed, 'gather', { inputs: { lines: {} } }),
    // @ts-expect-error -- no flow
    runStep(Date, 'start'),
  ];
  expect([right, wrong]).toHaveLength(2); // what they are is for the compiler
});

test('what comes back has the types of the flow', async () => {
  const { artifacts, step: name, transition } = await runStep(Typed, 'work', { item: 'abc' });
  expectTypeOf(artifacts.count).toEqualTypeOf<number | undefined>();
  expectTypeOf(name).toEqualTypeOf<'work'>();
  expect([artifacts.count, transition?.steps[0] === 'gather']).toEqual([3, true]);
  const flow = await runFlow(Plain);
  expectTypeOf(flow.task('start').step).toEqualTypeOf<'start'>();
  // @ts-expect-error -- no such step
  expect(() => flow.task('middle')).toThrow(RangeError);
});
