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

  /** Each value made into another: of a whole into that of a part, for one. */
  map(convert: (value: number) => number): Sample {
    return new Sample(this.values.map(convert));
  }

  /** Each value set against the one that was measured next to it, so that a machine that slows down slows both. */
  against(other: Sample, compare: (value: number, otherValue: number) => number): Sample {
    return new Sample(this.values.map((value, index) => compare(value, other.values[index] ?? Number.NaN)));
  }

  /** How many times the other it is. */
  timesThat(other: Sample): Sample {
    return this.against(other, (value, otherValue) => value / otherValue);
  }

  /** What one of `count` things costs, set apart from what it costs to do none. */
  each(none: Sample, count: number): Sample {
    return this.against(none, (ofMany, ofNone) => (ofMany - ofNone) / count);
  }
}
