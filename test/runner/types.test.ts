import { expectTypeOf, test } from 'vitest';
import type { CONFIGS, PARAMETERS, SECRETS, STEP } from '../../src/core/flow-shape.ts';
import type { LogLine } from '../../src/process/line-reader.ts';
import type { ExecutingRun } from '../../src/runner/executing-run.ts';
import type { ExecutingTask } from '../../src/runner/executing-task.ts';
import { product } from '../../src/runner/product.ts';
import { Runner } from '../../src/runner/runner.ts';
import { zip } from '../../src/runner/zip.ts';

/** What a flow class with two parameters, a step and an artifact looks like from outside. */
interface Flow {
  readonly [PARAMETERS]: {
    readonly seconds: number;
    readonly mode: 'fast' | 'slow';
    readonly ids: readonly number[];
    readonly token: string;
  };
  readonly [SECRETS]: 'token';
  readonly [CONFIGS]: { readonly limits: { readonly rows: number } };
  readonly limits: { readonly rows: number };
  readonly ids: readonly number[];
  readonly seconds: number;
  readonly mode: 'fast' | 'slow';
  readonly token: string;
  readonly start: { readonly [STEP]: true };
  model: Map<string, number>;
}

// Nothing of this is executed: it either compiles or does not.
const unused = async (): Promise<void> => {
  const typed = new Runner<Flow>('flow.ts', { quiet: true, showOutput: false });
  await typed.run({ seconds: 5, mode: 'fast' }, { tags: ['a'], timeoutMs: 5, reject: true });
  await typed.run({}, { decospecs: ['retry'], timeout: '5m' });
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
  await typed.run({ ids: [1, 2] });
  // @ts-expect-error several values are an array
  await typed.run({ ids: 1 });
  // @ts-expect-error a config is no parameter
  await typed.run({ limits: { rows: 1 } });
  new Runner<Flow>('flow.ts', { config: { limits: 'limits.yaml' }, configValue: { limits: { rows: 1 } } });
  // @ts-expect-error no such config
  new Runner<Flow>('flow.ts', { config: { limit: 'limits.yaml' } });
  // @ts-expect-error wrong type of value
  new Runner<Flow>('flow.ts', { configValue: { limits: { rows: '1' } } });
  // @ts-expect-error a secret is not kept
  void (await typed.run({ token: 'abc' })).run.parameters.token;
  await typed.resume({ originRunId: '1', stepToRerun: 'start', parameters: { seconds: 1 } });
  // @ts-expect-error wrong type of parameter
  await typed.resume({ parameters: { seconds: '1' } });

  await typed.spin('17/start', {
    artifacts: { model: new Map() },
    parameters: { seconds: 1 },
    tags: ['a'],
    decospecs: ['retry'],
  });
  // @ts-expect-error wrong type of artifact
  await typed.spin('17/start', { artifacts: { model: 1 } });
  // @ts-expect-error a parameter is no artifact
  await typed.spin('17/start', { artifacts: { seconds: 1 } });
  await typed.spin('17/start', { parameters: { token: 'abc' } });
  // @ts-expect-error a secret is no artifact
  await typed.spin('17/start', { artifacts: { token: 'abc' } });
  // @ts-expect-error no option of a single task
  await typed.spin('17/start', { maxWorkers: 1 });
  const spinning = await typed.asyncSpin('start');
  expectTypeOf(spinning).toEqualTypeOf<ExecutingTask<Flow>>();
  expectTypeOf(await spinning.task.data.model).toEqualTypeOf<Map<string, number>>();

  const running = await typed.asyncRun();
  expectTypeOf(running).toEqualTypeOf<ExecutingRun<Flow>>();
  expectTypeOf(running.status).toEqualTypeOf<'running' | 'successful' | 'failed' | 'timeout'>();
  expectTypeOf(await running.run.data.model).toEqualTypeOf<Map<string, number>>();
  expectTypeOf(running.run.parameters.ids).toEqualTypeOf<readonly number[]>();
  expectTypeOf(running.run.parameters.limits).toEqualTypeOf<{ readonly rows: number }>();
  expectTypeOf(await running.run.data.seconds).toEqualTypeOf<number>();
  // @ts-expect-error a step is no artifact
  void running.run.data.start;
  for await (const line of running.streamLog('stdout')) expectTypeOf(line).toEqualTypeOf<LogLine>();
  // @ts-expect-error no such stream
  running.streamLog('stdin');

  for await (const result of typed.map(product({ seconds: [1, 2], mode: ['fast'] }), {
    maxConcurrency: 2,
    batch: 'a',
  })) {
    expectTypeOf(result.parameters).toEqualTypeOf<{ seconds: 1 | 2; mode: 'fast' }>();
    const { kind, running, run, error } = result;
    expectTypeOf(kind).toEqualTypeOf<'ended' | 'skipped' | 'not-started'>();
    if (run === undefined) expectTypeOf(error).toEqualTypeOf<Error>();
    else expectTypeOf(await run.data.model).toEqualTypeOf<Map<string, number>>();
    if (kind === 'ended') expectTypeOf(running).toEqualTypeOf<ExecutingRun<Flow>>();
  }
  const rows: { seconds: number }[] = [];
  await typed.map(rows).return();
  await typed.map(zip({ seconds: new Set([1, 2]), mode: ['fast', 'slow'] })).return();
  // @ts-expect-error no such parameter
  typed.map([{ second: 5 }]);
  // @ts-expect-error no such parameter beside one that there is
  typed.map(product({ seconds: [5], depth: [5] }));
  // @ts-expect-error wrong type
  typed.map([{ seconds: '5' }]);
  // @ts-expect-error not one of the values
  typed.map(product({ mode: ['medium'] }));
  // @ts-expect-error no such option
  typed.map(rows, { maxWorker: 1 });
  // @ts-expect-error every run would write it
  typed.map(rows, { runIdFile: 'id' });
  async function* stream() {
    yield { seconds: 1 };
  }
  for await (const { parameters } of typed.map(stream())) expectTypeOf(parameters.seconds).toEqualTypeOf<number>();

  // Without a type, and for flows of other kinds, any name goes.
  const untyped = new Runner('flow.py', {
    pylint: false,
    decospecs: ['retry'],
    config: { any: 'x' },
    configValue: { a: 1 },
  });
  await untyped.run({ anything: [1] }, { maxWorkers: 1, userNamespace: '' });
  await untyped.spin('start', { artifacts: { anything: 1 }, skipDecorators: true });
  untyped.map(product({ anything: [1] }), { userNamespace: '' });
};

test('Runner takes its names and types from the flow class', () => {
  expectTypeOf(unused).returns.resolves.toBeVoid();
});
