/** Values along one axis. */
export interface ChartScale {
  readonly min: number;
  readonly max: number;
  /** Round numbers between the ends, ascending. */
  readonly ticks: readonly number[];
  /** Where a value is: 0 at `min`, 1 at `max`. */
  place(value: number): number;
  /** A tick as a text, with as many digits as tell it from its neighbours. */
  label(tick: number): string;
}

const MOST_TICKS = 6;

/**
 * The scale that finite values need; `-Infinity` to `Infinity` can be the range of none.
 *
 * @param ends `round` widens it to the next ticks, `exact` begins and ends with a value
 * @param isWhole whether no tick may stand between whole numbers
 */
export function chartScale(
  values: readonly number[],
  { ends, isWhole = false }: { ends: 'round' | 'exact'; isWhole?: boolean },
): ChartScale {
  let min = values.length === 0 ? 0 : values.reduce((least, value) => Math.min(least, value), Infinity);
  let max = values.length === 0 ? 1 : values.reduce((most, value) => Math.max(most, value), -Infinity);
  if (min === max) [min, max] = around(min);
  const step = tickStep(min, max, isWhole);
  if (ends === 'round') {
    min = finiteOr(Math.floor(min / step) * step, min);
    max = finiteOr(Math.ceil(max / step) * step, max);
  }
  const ticks = ticksBetween(min, max, step);
  return {
    min,
    max,
    ticks,
    place: (value) => {
      const distance = max - min;
      // In halves when it is more than a number can say.
      return Number.isFinite(distance) ? (value - min) / distance : (value / 2 - min / 2) / (max / 2 - min / 2);
    },
    label: (tick) => label(tick, { step, largest: Math.max(Math.abs(min), Math.abs(max)) }),
  };
}

function around(value: number): readonly [number, number] {
  if (value === 0) return [0, 1];
  const away = Math.max(Math.abs(value) / 2, Number.MIN_VALUE);
  return [finiteOr(value - away, value), finiteOr(value + away, value)];
}

function finiteOr(value: number, otherwise: number): number {
  return Number.isFinite(value) ? value : otherwise;
}

/** 1, 2 or 5 with zeros, so that there are few ticks. */
function tickStep(min: number, max: number, isWhole: boolean): number {
  const rough = ((max / 2 - min / 2) / (MOST_TICKS - 1)) * 2;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * magnitude).find((one) => one >= rough) ?? rough;
  return isWhole ? Math.max(1, step) : step;
}

function ticksBetween(min: number, max: number, step: number): readonly number[] {
  const first = Math.ceil(min / step);
  const ticks = new Set<number>();
  for (let index = 0; index <= MOST_TICKS * 2; index++) {
    const tick = Number(((first + index) * step).toPrecision(15));
    if (!Number.isFinite(tick) || tick > max) break;
    ticks.add(tick === 0 ? 0 : tick); // not -0
  }
  return ticks.size === 0 ? [min, max] : [...ticks];
}

function label(tick: number, { step, largest }: { step: number; largest: number }): string {
  const digits = Math.min(15, Math.max(1, Math.floor(Math.log10(largest / step)) + 2));
  const rounded = Number(tick.toPrecision(digits));
  const size = Math.abs(rounded);
  return size === 0 || (size >= 1e-4 && size < 1e6) ? String(rounded) : rounded.toExponential();
}
