import { expectTypeOf, test } from 'vitest';
import type { Home } from '../../src/client/home.ts';
import type { Run } from '../../src/client/run.ts';
import { FlowSpec } from '../../src/flow/flow-spec.ts';
import { parameter } from '../../src/flow/parameter.ts';
import { step } from '../../src/flow/step.ts';

class TrainFlow extends FlowSpec.with({
  epochs: parameter.integer({ default: 3 }),
  token: parameter.string({ secret: true, required: true }),
}) {
  model = new Map<string, number>();
  score = 0;
  start = step(() => this.next(this.end));
  end = step();
  helper(): number {
    return 1;
  }
}

// Checked by tsc; never called.
async function checked(home: Home): Promise<void> {
  const run = await home.run<TrainFlow>('TrainFlow/1');
  expectTypeOf(await run.data.model).toEqualTypeOf<Map<string, number>>();
  expectTypeOf(await run.data.epochs).toEqualTypeOf<number>();
  expectTypeOf(await run.load('model', 'score')).toEqualTypeOf<
    Pick<{ readonly model: Map<string, number>; readonly score: number }, 'model' | 'score'>
  >();
  expectTypeOf(run.parameters.epochs).toEqualTypeOf<number>();
  // @ts-expect-error a secret is not kept
  void run.parameters.token;
  // @ts-expect-error a secret is not kept
  void run.data.token;
  // @ts-expect-error no artifact has this name
  void run.data.modle;
  // @ts-expect-error a step is no artifact
  void run.data.start;
  // @ts-expect-error a method is no artifact
  void run.data.helper;
  // @ts-expect-error no artifact has this name
  void run.load('model', 'modle');
  // @ts-expect-error the score is a number
  const score: string = await run.data.score;
  // @ts-expect-error an artifact is no parameter
  void run.parameters.score;
  // @ts-expect-error what describes state is not written
  run.status = 'failed';

  for await (const listed of home.flow<TrainFlow>('TrainFlow').runs({ status: 'failed', tags: ['nightly'] })) {
    expectTypeOf(listed).toEqualTypeOf<Run<TrainFlow>>();
    for await (const task of listed.tasks()) expectTypeOf(await task.data.score).toEqualTypeOf<number>();
  }
  // @ts-expect-error there is no such status
  home.flow('TrainFlow').runs({ status: 'succesful' });

  const unknown = await home.run('TrainFlow/1');
  expectTypeOf(await unknown.data['anything']).toEqualTypeOf<unknown>();
  const { model } = await unknown.load('model', 'score');
  expectTypeOf(model).toEqualTypeOf<unknown>();
  print(run);
  // @ts-expect-error a run is not to be awaited for its end
  void run.then;
  void score;
}

/** Takes any run: one of a known flow is one too. */
function print(run: Run): void {
  console.log(run);
}

test('the types of artifacts follow the flow class', () => {
  expectTypeOf(checked).toBeFunction();
});
