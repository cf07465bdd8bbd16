import { createHash } from 'node:crypto';
import type { Home } from '../client/home.ts';
import type { Run } from '../client/run.ts';
import { NotFoundError } from '../core/errors.ts';
import type { FlowShape } from '../core/flow-shape.ts';
import { parameterJson } from '../core/parameter-text.ts';
import type { FlowDescription } from './flow-description.ts';
import type { Options } from './option-flags.ts';

/** A run that was made at a time is in the store a little later, when others have finished writing. */
const RECORDING_MS = 10_000;

const HASH_LENGTH = 16;
const ROW_TAG = /^row:[0-9a-f]{16}(:\d+)?$/;

/**
 * The rows of a sweep that are remembered under a name. There is no record of them but their runs: each has a tag for the
 * batch and one for its row, which its resumed runs inherit.
 */
export class Batch<F extends FlowShape> {
  /** The tag of all its runs. */
  readonly tag: string;
  readonly #description: FlowDescription;
  /** The home, once there is one. */
  readonly #home: () => Promise<Home | undefined>;
  readonly #occurrences = new Map<string, number>();
  /** The run that says how it stands with a row, by the row's tag. */
  readonly #runs = new Map<string, Run<F>>();
  #lookedAt: Date | undefined;

  constructor(name: string, parts: { description: FlowDescription; home: () => Promise<Home | undefined> }) {
    this.tag = `batch:${name}`;
    this.#description = parts.description;
    this.#home = parts.home;
  }

  /**
   * The tag of the next row: what it gives to the flow, hashed, without what is secret; and the how-manieth of its like it is.
   *
   * @throws {InvalidOptionError} when the row cannot be given to a flow
   */
  rowTag(parameters: Options): string {
    const given = Object.entries(parameters)
      .filter(([name, value]) => value !== undefined && this.#description.parameters.get(name)?.['writeOnly'] !== true)
      .map(([name, value]) => [name, canonicalText(name, value)] as const)
      .toSorted(byName);
    const hash = createHash('sha256').update(JSON.stringify(given)).digest('hex').slice(0, HASH_LENGTH);
    const occurrence = (this.#occurrences.get(hash) ?? 0) + 1;
    this.#occurrences.set(hash, occurrence);
    return occurrence === 1 ? `row:${hash}` : `row:${hash}:${occurrence}`;
  }

  /** The run of a row, as it is now: one that succeeded if there is one, else one at work, else the last; none when it was never started. */
  async find(rowTag: string): Promise<Run<F> | undefined> {
    const known = this.#runs.get(rowTag);
    if (known?.successful === true) return known; // that stays so
    await this.#look();
    const run = this.#runs.get(rowTag);
    return run?.status === 'running' ? await run.refresh() : run;
  }

  /** Takes in the runs that were made since the last look. */
  async #look(): Promise<void> {
    const since = this.#lookedAt;
    const now = new Date(Date.now() - RECORDING_MS);
    const home = await this.#home();
    if (home === undefined) return;
    const runs = await this.#runsSince(home, since);
    this.#lookedAt = now;
    for (const run of runs.toReversed()) {
      const rowTag = run.userTags.find((tag) => ROW_TAG.test(tag));
      if (rowTag === undefined) continue; // somebody has changed its tags
      const known = this.#runs.get(rowTag);
      if (known === undefined || rank(run) >= rank(known)) this.#runs.set(rowTag, run);
    }
  }

  /** Newest first. */
  async #runsSince(home: Home, since: Date | undefined): Promise<readonly Run<F>[]> {
    try {
      return await Array.fromAsync(home.flow<F>(this.#description.flow).runs({ tags: [this.tag], since }));
    } catch (error) {
      if (error instanceof NotFoundError) return []; // the flow has never run there
      throw error;
    }
  }
}

function rank({ status }: Run): number {
  if (status === 'successful') return 2;
  return status === 'running' ? 1 : 0;
}

/** The text that the flow gets, but that the order of keys makes no difference. */
function canonicalText(name: string, value: unknown): string {
  const json = parameterJson(name, value);
  return typeof json === 'string' ? json : JSON.stringify(json, (_, part: unknown) => sorted(part));
}

function sorted(part: unknown): unknown {
  const isRecord = typeof part === 'object' && part !== null && !Array.isArray(part);
  return isRecord ? Object.fromEntries(Object.entries(part).toSorted(byName)) : part;
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}
