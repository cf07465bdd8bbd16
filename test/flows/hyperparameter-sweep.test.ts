import { expect, test } from 'vitest';
import type { HyperparameterSweep } from '../../flows/hyperparameter-sweep.ts';
import { Runner } from '../../src/runner/runner.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const flow = new URL('../../flows/hyperparameter-sweep.ts', import.meta.url);

interface Point {
  readonly x: number;
  readonly y: number;
  readonly label: number;
}

function chance(weights: Float64Array, { x, y }: Point): number {
  let sum = 0;
  let next = 0;
  for (let degree = 0; degree <= 3; degree++) {
    for (let ofY = 0; ofY <= degree; ofY++) sum += (weights[next++] ?? NaN) * x ** (degree - ofY) * y ** ofY;
  }
  return 1 / (1 + Math.exp(-sum));
}

function loss(weights: Float64Array, points: readonly Point[]): number {
  const sum = points.reduce((total, point) => total - Math.log(Math.abs(1 - point.label - chance(weights, point))), 0);
  return sum / points.length;
}

test('the sweep finds the weights at which no direction leads further down, and the pair that does best', async () => {
  using folder = temporaryFolder();
  await using runner = new Runner<HyperparameterSweep>(flow, { showOutput: false, home: folder.file('home') });
  const { run } = await runner.run(
    { epochs: 3000, learningRates: [0.0001, 0.5], penalties: [0.01, 0.1] },
    { reject: true },
  );
  const left = await run.load('weights', 'setting', 'loss', 'leaderboard', 'train', 'validation', 'test');
  expect(left.setting).toStrictEqual({ learningRate: 0.5, penalty: 0.01 });
  expect(left.leaderboard).toHaveLength(4);
  expect(left.leaderboard).toStrictEqual(left.leaderboard.toSorted((a, b) => a.loss - b.loss));
  expect(left.leaderboard[0]).toStrictEqual({ ...left.setting, loss: left.loss });
  expect(left.loss).toBeCloseTo(loss(left.weights, left.validation), 12);
  const cost = (weights: Float64Array): number =>
    loss(weights, left.train) + (0.01 / 2) * weights.reduce((sum, weight) => sum + weight ** 2, 0);
  for (const index of left.weights.keys()) {
    const moved = (by: number): Float64Array => left.weights.map((weight, i) => (i === index ? weight + by : weight));
    expect((cost(moved(1e-5)) - cost(moved(-1e-5))) / 2e-5, `slope ${index}`).toBeCloseTo(0, 4);
  }
  const right = left.test.filter((point) => Math.round(chance(left.weights, point)) === point.label).length;
  const { accuracy, baselineAccuracy } = await run.load('accuracy', 'baselineAccuracy');
  expect(accuracy).toBe(right / left.test.length);
  expect(accuracy).toBeGreaterThan(baselineAccuracy);
});

test('the sweep fails with one line when no fit converges', async () => {
  using folder = temporaryFolder();
  await using runner = new Runner<HyperparameterSweep>(flow, { showOutput: false, home: folder.file('home') });
  const { reason } = await runner.run({ learningRates: [1e300], penalties: [0.1], epochs: 5 });
  expect(reason).toMatchObject({ message: 'Error: no fit has converged: try smaller learning rates' });
});
