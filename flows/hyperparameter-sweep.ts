import { FlowSpec, type Inputs, join, main, parameter, step } from 'raceway/flow';

/**
 * Tells two interleaved half moons apart: fits a logistic regression with each pair of learning rate and penalty, all at
 * once, takes the one that does best on points it was not fitted to, and compares it with a simple rule on yet others.
 *
 *     node flows/hyperparameter-sweep.ts run --noise=0.3 --penalties='[0, 0.01, 1]'
 */
export class HyperparameterSweep extends FlowSpec.with({
  points: parameter.integer({ default: 200, help: 'How many points to make; 60% are for fitting, 20% for choosing' }),
  noise: parameter.float({ default: 0.35, help: 'How far the points stray from their moon' }),
  seed: parameter.integer({ default: 1, help: 'Another number makes other points' }),
  epochs: parameter.integer({ default: 500, help: 'How many steps down the gradient a fit takes' }),
  learningRates: parameter.json<number[]>({ default: [0.03, 0.3, 3], help: 'How long such a step is' }),
  penalties: parameter.json<number[]>({ default: [0, 0.003, 0.1], help: 'What large weights cost' }),
}) {
  train: Point[] = [];
  validation: Point[] = [];
  test: Point[] = [];
  /** What one fit of the sweep left; after the sweep, what the best one did. */
  setting: Setting = { learningRate: 0, penalty: 0 };
  weights = new Float64Array(); // typed arrays are stored as the bytes they are
  loss = Infinity;
  /** The best first. */
  leaderboard: (Setting & { loss: number })[] = [];
  accuracy = 0;
  baselineAccuracy = 0;

  start = step(() => {
    if (this.points < 5) throw new Error('--points takes 5 or more: some to fit to, to choose by, and to test with');
    const points = halfMoons(this.points, { noise: this.noise, random: randomNumbers(this.seed) });
    const [fitted, chosen] = [Math.floor(this.points * 0.6), Math.floor(this.points * 0.8)];
    this.train = points.slice(0, fitted);
    this.validation = points.slice(fitted, chosen);
    this.test = points.slice(chosen);
    const settings = this.learningRates.flatMap((learningRate) =>
      this.penalties.map((penalty) => ({ learningRate, penalty })),
    );
    this.next(this.fit, { foreach: settings });
  });

  fit = step((setting: Setting) => {
    this.setting = setting;
    this.weights = fitLogistic(this.train, { ...setting, epochs: this.epochs });
    this.loss = logLoss(this.weights, this.validation);
    console.log(`learning rate ${setting.learningRate}, penalty ${setting.penalty}: loss ${this.loss.toFixed(4)}`);
    this.next(this.choose);
  });

  choose = join((inputs: Inputs<this>) => {
    const fits = inputs.filter(({ loss }) => Number.isFinite(loss)).toSorted((a, b) => a.loss - b.loss);
    const [best] = fits;
    if (best === undefined) throw new Error('no fit has converged: try smaller learning rates');
    this.leaderboard = fits.map(({ setting, loss }) => ({ ...setting, loss }));
    this.mergeArtifacts([best]); // its setting, weights and loss, and the points
    this.next(this.end);
  });

  end = step(() => {
    const { weights } = this;
    this.accuracy = accuracy(this.test, (point) => (score(weights, features(point)) > 0 ? 1 : 0));
    this.baselineAccuracy = accuracy(this.test, ({ y }) => (y > 0 ? 0 : 1));
    const [best, baseline] = [this.accuracy, this.baselineAccuracy].map((share) => `${Math.round(share * 100)}%`);
    console.log(
      `The best is right about ${best} of the points it never saw; a level line between the moons is about ${baseline}.`,
    );
  });
}

interface Setting {
  readonly learningRate: number;
  readonly penalty: number;
}

interface Point {
  readonly x: number;
  readonly y: number;
  /** Which moon it is of. */
  readonly label: 0 | 1;
}

function halfMoons(count: number, { noise, random }: { noise: number; random: () => number }): Point[] {
  // The sum of twelve uniform numbers is as good as normal here.
  const stray = (): number => noise * (Array.from({ length: 12 }, random).reduce((sum, value) => sum + value, 0) - 6);
  return Array.from({ length: count }, () => {
    const angle = Math.PI * random();
    const [x, y] = [Math.cos(angle) - 0.5, Math.sin(angle) - 0.25]; // the other moon is this one, turned by half a circle
    return random() < 0.5 ? { x: x + stray(), y: y + stray(), label: 0 } : { x: stray() - x, y: stray() - y, label: 1 };
  });
}

/** Numbers from 0 to 1, the same ones for the same seed: the multiplicative generator of Park and Miller. */
function randomNumbers(seed: number): () => number {
  let state = 1 + (Math.abs(seed) % 2147483646);
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

/** Everything up to the third power, so that the line between the moons may bend. */
function features({ x, y }: Point): number[] {
  return [1, x, y, x * x, x * y, y * y, x ** 3, x * x * y, x * y * y, y ** 3];
}

/** Above 0 for label 1. */
function score(weights: Float64Array, values: readonly number[]): number {
  return values.reduce((sum, value, i) => sum + value * (weights[i] ?? 0), 0);
}

function fitLogistic(points: readonly Point[], { learningRate, penalty, epochs }: Setting & { epochs: number }) {
  const rows = points.map((point) => ({ values: features(point), label: point.label }));
  const weights = new Float64Array(rows[0]?.values.length ?? 0);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const gradient = weights.map((weight) => penalty * weight);
    for (const { values, label } of rows) {
      const miss = 1 / (1 + Math.exp(-score(weights, values))) - label;
      for (const [i, value] of values.entries()) gradient[i] = (gradient[i] ?? 0) + (miss * value) / rows.length;
    }
    for (const [i, slope] of gradient.entries()) weights[i] = (weights[i] ?? 0) - learningRate * slope;
  }
  return weights;
}

/** The mean of -log of the probability that the model gives to the label. */
function logLoss(weights: Float64Array, points: readonly Point[]): number {
  const losses = points.map((point) => {
    const sum = score(weights, features(point));
    return Math.max(sum, 0) - sum * point.label + Math.log1p(Math.exp(-Math.abs(sum)));
  });
  return mean(losses);
}

function accuracy(points: readonly Point[], guess: (point: Point) => number): number {
  return mean(points.map((point) => (guess(point) === point.label ? 1 : 0)));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

if (import.meta.main) await main(HyperparameterSweep);
