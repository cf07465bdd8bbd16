import type { GraphStep } from './graph.ts';

/** What is known of the branches and foreach transitions of a flow and of the joins that close them. */
export interface Splits {
  /** For a step that branches or has a foreach, the join that closes it; where that is not clear, nothing. */
  readonly joinOf: ReadonlyMap<string, string>;
  readonly problems: readonly SplitProblem[];
}

/** Where splits and joins do not fit together. */
export interface SplitProblem {
  readonly step: string;
  /** What it is about: the step, or its transition. */
  readonly at: 'step' | 'transition';
  /** What is wrong and what to do, in one line. */
  readonly message: string;
}

/** Follows every path from `start` and tells which join closes which split. */
export function readSplits(steps: ReadonlyMap<string, GraphStep>): Splits {
  const walk = new Walk(steps);
  walk.follow();
  return walk.result();
}

/** The splits that a step is inside of, with the branch that leads to it; the innermost last. */
type Path = readonly { readonly split: string; readonly branch: string }[];

interface Arrival {
  readonly from: string;
  readonly path: Path;
}

const JOIN_FORM = 'join((inputs: Inputs<this>) => …)';

class Walk {
  readonly #steps: ReadonlyMap<string, GraphStep>;
  readonly #paths = new Map<string, Path>();
  readonly #arrivals = new Map<string, Arrival[]>();
  /** Splits from which the end is reached without a join. */
  readonly #open = new Set<string>();
  /** Splits whose branches meet where there is no join: what their joins lack follows from that. */
  readonly #blamed = new Set<string>();
  readonly #problems: SplitProblem[] = [];

  constructor(steps: ReadonlyMap<string, GraphStep>) {
    this.#steps = steps;
  }

  follow(): void {
    if (this.#steps.has('start')) this.#enter('start', { from: 'start', path: [] });
    for (const [name, path] of this.#paths) {
      const { transition } = this.#steps.get(name) ?? {};
      const splits = transition?.kind === 'branch' || transition?.kind === 'foreach';
      for (const branch of transition?.steps ?? []) {
        this.#enter(branch, { from: name, path: splits ? [...path, { split: name, branch }] : path });
      }
    }
  }

  #enter(name: string, arrival: Arrival): void {
    const step = this.#steps.get(name);
    if (step === undefined) return;
    const { path } = arrival;
    if (step.kind === 'join') {
      const arrivals = this.#arrivals.get(name);
      if (arrivals === undefined) this.#arrivals.set(name, [arrival]);
      else arrivals.push(arrival);
      if (!this.#paths.has(name)) this.#paths.set(name, path.slice(0, -1));
      return;
    }
    const innermost = path.at(-1);
    if (name === 'end' && innermost !== undefined) {
      this.#open.add(innermost.split);
      return;
    }
    const known = this.#paths.get(name);
    if (known === undefined) this.#paths.set(name, path);
    else if (pathKey(known) !== pathKey(path)) this.#refuseMeeting(name, known, path);
  }

  #refuseMeeting(name: string, known: Path, path: Path): void {
    if (this.#problems.some(({ step }) => step === name)) return;
    const index = known.findIndex(({ split, branch }, at) => path[at]?.split !== split || path[at]?.branch !== branch);
    const one = known[index];
    const other = path[index];
    if (one !== undefined && other !== undefined && one.split === other.split) {
      this.#blamed.add(one.split);
      const branches = `branches ${one.branch} and ${other.branch} of step ${one.split}`;
      this.#report(
        name,
        'step',
        `Step ${name} is where ${branches} meet, but it is no join: make it one with ${name} = ${JOIN_FORM}.`,
      );
      return;
    }
    const split = (known.length > path.length ? known : path).at(-1)?.split ?? '';
    this.#blamed.add(split);
    this.#report(
      name,
      'step',
      `Step ${name} is reached both from inside and from outside of the split in step ${split}: ` +
        'let its branches meet in a join first, or let them go to a step of their own.',
    );
  }

  result(): Splits {
    const joinsOf = new Map<string, string[]>();
    const incomplete = new Set<string>();
    for (const [join, arrivals] of this.#arrivals) {
      const split = this.#splitOf(join, arrivals);
      if (split === undefined) continue;
      joinsOf.set(split, [...(joinsOf.get(split) ?? []), join]);
      if (!this.#isComplete(join, { split, arrivals })) incomplete.add(split);
    }
    const joinOf = new Map<string, string>();
    for (const name of this.#paths.keys()) {
      const transition = this.#steps.get(name)?.transition;
      if (transition?.kind !== 'branch' && transition?.kind !== 'foreach') continue;
      const [join, another] = joinsOf.get(name) ?? [];
      if (this.#open.has(name) || (join === undefined && this.#problems.length === 0)) this.#refuseOpen(name);
      else if (join === undefined || incomplete.has(name) || this.#blamed.has(name)) continue;
      else if (another !== undefined) this.#refuseSecond(name, [join, another]);
      else joinOf.set(name, join);
    }
    return { joinOf, problems: this.#problems };
  }

  /** The split that a join closes, if it is one. */
  #splitOf(join: string, arrivals: readonly Arrival[]): string | undefined {
    const outside = arrivals.find(({ path }) => path.length === 0);
    if (outside !== undefined) {
      this.#report(
        join,
        'step',
        `Step ${join} is a join, but step ${outside.from} leads to it from no branch and no foreach: ` +
          `make it a step with ${join} = step(…), or split before it.`,
      );
      return undefined;
    }
    const splits = new Map(
      arrivals.map(({ path }) => [`${pathKey(path.slice(0, -1))} ${path.at(-1)?.split}`, path.at(-1)?.split]),
    );
    const [split, ...others] = splits.values();
    if (others.length === 0) return split;
    this.#report(
      join,
      'step',
      `Step ${join} joins branches of unrelated splits, those of steps ${[...new Set([split, ...others])].join(' and ')}: ` +
        'close the inner split with a join of its own first.',
    );
    return undefined;
  }

  #isComplete(join: string, { split, arrivals }: { split: string; arrivals: readonly Arrival[] }): boolean {
    const branches = this.#steps.get(split)?.transition?.steps ?? [];
    const arrived = new Set(arrivals.map(({ path }) => path.at(-1)?.branch));
    const missing = branches.filter((branch) => !arrived.has(branch));
    if (missing.length === 0) return true;
    if (this.#open.has(split) || this.#blamed.has(split)) return false; // that was said, or will be
    this.#report(
      join,
      'step',
      `Step ${join} joins ${arrived.size} of the ${branches.length} branches of step ${split}, ${missing.join(', ')} ` +
        `${missing.length === 1 ? 'does' : 'do'} not lead to it: let every branch go on to ${join}.`,
    );
    return false;
  }

  #refuseOpen(name: string): void {
    const transition = this.#steps.get(name)?.transition;
    const does =
      transition?.kind === 'foreach'
        ? `has a foreach, and the tasks of ${transition.steps[0]} never meet in a join`
        : `branches to ${transition?.steps.join(', ')}, and they never meet in a join`;
    this.#report(name, 'transition', `Step ${name} ${does}: let them go on to one before end, made by ${JOIN_FORM}.`);
  }

  #refuseSecond(name: string, joins: readonly string[]): void {
    this.#report(
      name,
      'transition',
      `Step ${name} splits, and is joined in several places, ${joins.join(' and ')}: let every path go on to one of them.`,
    );
  }

  #report(step: string, at: SplitProblem['at'], message: string): void {
    this.#problems.push({ step, at, message });
  }
}

function pathKey(path: Path): string {
  return JSON.stringify(path.map(({ split, branch }) => [split, branch]));
}
