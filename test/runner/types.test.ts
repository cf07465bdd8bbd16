import { expectTypeOf, test } from 'vitest';
import type { PARAMETERS, STEP } from '../../src/core/flow-shape.ts';
import type { LogLine } from '../../src/process/line-reader.ts';
import type { ExecutingRun } from '../../src/runner/executing-run.ts';
import type { ExecutingTask } from '../../src/runner/executing-task.ts';
import { Runner } from '../../src/runner/runner.ts';

/** What a flow class with two parameters, a step and an artifact looks like from outside. */
interface Flow {
  readonly [PARAMETERS]: { readonly seconds: number; readonly mode: 'fast' | 'slow' };
  readonly seconds: number;
  readonly mode: 'fast' | 'slow';
  readonly start: { readonly [STEP]: true };
  model: Map<string, number>;
}

// Nothing of this is executed: it either compiles or does not.
const unused = async (): Promise<void> => {
  const typed = new Runner<Flow>('flow.ts', { quiet: true, showOutput: false });
  await typed.run({ seconds: 5, mode: 'fast' }, { tags: ['a'], timeoutMs: 5, reject: true });
  await typed.run();
  // @ts-expect-error no such parameter
  await typed.run({ second: 5 });
  // @ts-expect-error wrong type
  await typed.run({ seconds: '5' });
  // @ts-expect-error not one of the values
  await typed.run({ mode: 'medium' });
  // @ts-expect-error no such option
  await typed.run({}, { maxWorker: 1 });
  // @ts-expect-error wrong type of option
  await typed.run({}, { maxWorkers: '1' });
  // @ts-expect-error an option of resume only
  await typed.run({}, { originRunId: '1' });
  // @ts-expect-error no such option of the runner
  new Runner<Flow>('flow.ts', { showOutputs: false });
  await typed.resume({ originRunId: '1', stepToRerun: 'start', parameters: { seconds: 1 } });
  // @ts-expect-error wrong type of parameter
  await typed.resume({ parameters: { seconds: '1' } });

  await typed.spin('17/start', { artifacts: { model: new Map() }, parameters: { seconds: 1 }, tags: ['a'] });
  // @ts-expect-error wrong type of artifact
  await typed.spin('17/start', { artifacts: { model: 1 } });
  // @ts-expect-error a parameter is no artifact
  await typed.spin('17/start', { artifacts: { seconds: 1 } });
  // @ts-expect-error no option of a single task
  await typed.spin('17/start', { maxWorkers: 1 });
  const spinning = await typed.asyncSpin('start');
  expectTypeOf(spinning).toEqualTypeOf<ExecutingTask<Flow>>();
  expectTypeOf(await spinning.task.data.model).toEqualTypeOf<Map<string, number>>();

  const running = await typed.asyncRun();
  expectTypeOf(running).toEqualTypeOf<ExecutingRun<Flow>>();
  expectTypeOf(running.status).toEqualTypeOf<'running' | 'successful' | 'failed' | 'timeout'>();
  expectTypeOf(await running.run.data.model).toEqualTypeOf<Map<string, number>>();
  expectTypeOf(await running.run.data.seconds).toEqualTypeOf<number>();
  // @ts-expect-error a step is no artifact
  void running.run.data.start;
  for await (const line of running.streamLog('stdout')) expectTypeOf(line).toEqualTypeOf<LogLine>();
  // @ts-expect-error no such stream
  running.streamLog('stdin');

  // Without a type, and for flows of other kinds, any name goes.
  const untyped = new Runner('flow.py', { pylint: false, decospecs: ['retry'] });
  await untyped.run({ anything: [1] }, { maxWorkers: 1, userNamespace: '' });
  await untyped.spin('start', { artifacts: { anything: 1 }, skipDecorators: true });
};

test('Runner takes its names and types from the flow class', () => {
  expectTypeOf(unused).returns.resolves.toBeVoid();
});
