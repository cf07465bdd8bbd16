import { Sample } from './sample.ts';

/** How often something is measured. */
export interface Turns {
  readonly rounds: number;
  /** Rounds before those, which do not count. */
  readonly warmUps: number;
}

/** Each does a thing once and returns what it measured; one that is `undefined` is left out. */
type Ways<T> = Readonly<Record<string, (() => T | Promise<T>) | undefined>>;

/** What each way returned, in the order of the rounds. */
type Taken<W extends Ways<unknown>> = {
  readonly [Name in keyof W]:
    | (undefined extends W[Name] ? undefined : never)
    | (NonNullable<W[Name]> extends () => infer T ? readonly Awaited<T>[] : never);
};

/**
 * Measures several ways of doing a thing in turn, round after round and every other round backwards, so that whatever else
 * the machine does falls on all of them.
 */
export async function inTurn<W extends Ways<number>>(
  ways: W,
  turns: Turns,
): Promise<{ readonly [Name in keyof W]: Sample | (undefined extends W[Name] ? undefined : never) }> {
  const taken: Readonly<Record<string, readonly number[] | undefined>> = await takeTurns<Ways<number>>(ways, turns);
  return Object.fromEntries(Object.entries(taken).map(([name, values]) => [name, values && new Sample(values)])) as {
    [Name in keyof W]: Sample | (undefined extends W[Name] ? undefined : never);
  };
}

/** The same for what measures more than one number. */
export async function takeTurns<W extends Ways<unknown>>(ways: W, { rounds, warmUps }: Turns): Promise<Taken<W>> {
  const measured = Object.entries(ways).flatMap(([name, way]) =>
    way === undefined ? [] : [{ name, way, values: [] as unknown[] }],
  );
  for (let round = -warmUps; round < rounds; round++) {
    progress(round < 0 ? 'warming up' : `round ${round + 1} of ${rounds}`);
    for (const { way, values } of round % 2 === 0 ? measured : measured.toReversed()) {
      const value = await way();
      if (round >= 0) values.push(value);
    }
  }
  progress('');
  return Object.fromEntries(measured.map(({ name, values }) => [name, values])) as unknown as Taken<W>;
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
