/** What came out of measuring one thing several times. */
export class Sample {
  /** In the order in which they were measured. */
  readonly values: readonly number[];
  readonly #sorted: readonly number[];

  constructor(values: readonly number[]) {
    this.values = values;
    this.#sorted = values.toSorted((a, b) => a - b);
  }

  get median(): number {
    return this.quantile(0.5);
  }

  /** The value below which the given part of the sample lies, 0 to 1, between two values by proportion. */
  quantile(part: number): number {
    const place = part * (this.#sorted.length - 1);
    const below = this.#sorted[Math.floor(place)] ?? Number.NaN;
    const above = this.#sorted[Math.ceil(place)] ?? Number.NaN;
    return below + (above - below) * (place % 1);
  }

  /** Each value set against the one that was measured next to it, so that a machine that slows down slows both. */
  against(other: Sample, compare: (value: number, otherValue: number) => number): Sample {
    return new Sample(this.values.map((value, index) => compare(value, other.values[index] ?? Number.NaN)));
  }
}

/**
 * Measures several ways of doing a thing in turn, round after round and every other round backwards, so that whatever else
 * the machine does falls on all of them.
 *
 * @param ways each does it once and returns what it measured
 * @param options.warmUps rounds that do not count
 */
export async function inTurn<Way extends string>(
  ways: Readonly<Record<Way, () => number | Promise<number>>>,
  { rounds, warmUps = 1 }: { rounds: number; warmUps?: number },
): Promise<Readonly<Record<Way, Sample>>> {
  const names = Object.keys(ways) as Way[];
  const values = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Way, number[]>;
  for (let round = -warmUps; round < rounds; round++) {
    progress(round < 0 ? 'warming up' : `round ${round + 1} of ${rounds}`);
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const value = await ways[name]();
      if (round >= 0) values[name].push(value);
    }
  }
  progress('');
  return Object.fromEntries(names.map((name) => [name, new Sample(values[name])])) as Record<Way, Sample>;
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
