import { RacewayError } from '../core/errors.ts';
import type { JoinInput } from './inputs.ts';

/** Which artifacts `this.mergeArtifacts()` takes over. */
export type MergeOptions<Name extends string = string> =
  /** These and no others. */
  | { readonly include: readonly Name[]; readonly exclude?: undefined }
  /** All but these. */
  | { readonly include?: undefined; readonly exclude: readonly Name[] };

/** What is known of a join that merges. */
export interface MergeSetting {
  readonly options: {
    readonly include?: readonly string[] | undefined;
    readonly exclude?: readonly string[] | undefined;
  };
  /** Whether a name is out of the question: a parameter, a step, or set by the join already. */
  readonly isTaken: (name: string) => boolean;
  /** For messages. */
  readonly stepName: string;
}

/**
 * Decides which artifact is taken from which input, by comparing content hashes. Nothing is loaded.
 *
 * @param inputs by their index among the join's inputs
 * @throws {TypeError} when both include and exclude are given
 * @throws {RacewayError} `ARTIFACT` when inputs disagree, or none has a name to include
 */
export function planMerge(
  inputs: ReadonlyMap<number, JoinInput>,
  { options: { include, exclude }, isTaken, stepName }: MergeSetting,
): ReadonlyMap<string, number> {
  if (include !== undefined && exclude !== undefined) {
    throw new TypeError(
      `this.mergeArtifacts() in step ${stepName} was given both include and exclude\nGive it one of them.`,
    );
  }
  const isWanted = (name: string): boolean =>
    (include === undefined || include.includes(name)) && exclude?.includes(name) !== true && !isTaken(name);
  const plan = new Map<string, { readonly from: number; readonly sha256: string }>();
  const conflicts = new Set<string>();
  for (const [from, { names, sha256 }] of inputs) {
    for (const name of names) {
      const known = plan.get(name);
      if (known !== undefined && known.sha256 !== sha256(name)) conflicts.add(name);
      if (known === undefined && isWanted(name)) plan.set(name, { from, sha256: sha256(name) });
    }
  }
  if (conflicts.size > 0) {
    const names = [...conflicts];
    throw new RacewayError(
      'ARTIFACT',
      `Step ${stepName} cannot merge ${names.join(', ')}: the inputs have different values (an initial value is one as well)`,
      `Set ${names.map((name) => `this.${name}`).join(', ')} before this.mergeArtifacts(), or leave ${names.length === 1 ? 'it' : 'them'} out with { exclude: [${names.map((name) => `'${name}'`).join(', ')}] }.`,
    );
  }
  const missing = (include ?? []).filter((name) => !plan.has(name) && !isTaken(name));
  if (missing.length > 0) {
    throw new RacewayError(
      'ARTIFACT',
      `Step ${stepName} cannot merge ${missing.join(', ')}: no input has such an artifact`,
      'Include what a branch has set, or had from before the split.',
    );
  }
  return new Map([...plan].map(([name, { from }]) => [name, from]));
}
