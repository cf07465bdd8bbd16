import { availableParallelism } from 'node:os';
import { type Fault, NotInjectable } from './fault.ts';
import { type Failure, Injection } from './injection.ts';
import { Random } from './random.ts';

/** What came of a fault. */
export interface Struck {
  readonly fault: Fault;
  /** How often it was to come about. */
  readonly wanted: number;
  /** How often it came about. */
  readonly injected: number;
  /** How often it did, and everything that was checked held. */
  readonly survived: number;
  /** By what was checked, in how many of the injections that came about. */
  readonly checked: ReadonlyMap<string, number>;
  readonly counts: ReadonlyMap<string, number>;
  readonly peaks: ReadonlyMap<string, number>;
  /** By the reason, how many injections did not come about or were not felt. */
  readonly missed: ReadonlyMap<string, number>;
  /** Also of injections that missed: what did not hold, does not hold. */
  readonly failed: readonly { readonly number: number; readonly failure: Failure }[];
  /** Why it could not be injected on this machine, at all or any more. */
  readonly notInjected: string | undefined;
}

/** A fault that comes too late is tried again, so many times the number wanted in all. */
const MOST_TRIES = 5;

/** An injection that takes longer hangs, and that is a failure. */
const LONGEST_MS = 8 * 60_000;

/** Injects a fault as often as is wanted. */
export async function strike(
  fault: Fault,
  {
    seed,
    extent,
    from = 1,
    times = fault.times[extent],
    say,
  }: {
    seed: number;
    extent: 'full' | 'bounded';
    from?: number;
    times?: number | undefined;
    say: (text: string) => void;
  },
): Promise<Struck> {
  const checked = new Map<string, number>();
  const counts = new Map<string, number>();
  const peaks = new Map<string, number>();
  const missed = new Map<string, number>();
  const failed: { number: number; failure: Failure }[] = [];
  let [injected, survived, tries, next] = [0, 0, 0, from];
  let notInjected: string | undefined;
  const one = async (number: number): Promise<void> => {
    using injection = new Injection({ number, random: new Random(seed, fault.name, number), extent });
    try {
      await strikeInTime(fault, injection);
    } catch (error) {
      if (error instanceof NotInjectable) {
        notInjected = error.message;
        return;
      }
      injection.check('the injection itself went well', error instanceof Error ? (error.stack ?? '') : String(error));
    }
    for (const failure of injection.failures) {
      failed.push({ number, failure });
      say(`${fault.name} ${number}: NOT ${failure.what}`);
    }
    if (injection.missed === undefined) {
      injected += 1;
      if (injection.failures.length === 0) survived += 1;
      for (const what of injection.checked) add(checked, what);
      for (const [what, count] of injection.counts) add(counts, what, count);
      for (const [what, value] of injection.peaks) peaks.set(what, Math.max(peaks.get(what) ?? value, value));
    } else add(missed, injection.missed);
    tries += 1;
    if (tries % 25 === 0) say(`${fault.name}: ${injected} of ${times}, ${survived} survived`);
  };
  let underWay = 0;
  const several = async (): Promise<void> => {
    while (notInjected === undefined && injected + underWay < times && next < from + times * MOST_TRIES) {
      underWay += 1;
      const number = next++;
      await one(number).finally(() => (underWay -= 1));
    }
  };
  const atOnce = Math.min(times, fault.atOnce ?? availableParallelism());
  await Promise.all(Array.from({ length: atOnce }, several));
  if (injected === 0 && notInjected === undefined && failed.length === 0) {
    failed.push({ number: from, failure: { what: 'injected', detail: `it was not, in all of ${tries} tries` } });
  }
  return { fault, wanted: times, injected, survived, checked, counts, peaks, missed, failed, notInjected };
}

function add(counts: Map<string, number>, what: string, by = 1): void {
  counts.set(what, (counts.get(what) ?? 0) + by);
}

async function strikeInTime(fault: Fault, injection: Injection): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const left = injection.processes().map(({ pid, role, command }) => `${pid} ${role} ${command.slice(0, 200)}`);
    late.reject(
      new Error(`it had not come to its end after ${LONGEST_MS / 60_000} minutes; there were: ${left.join('; ')}`),
    );
  }, LONGEST_MS);
  try {
    await Promise.race([fault.strike(injection), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
