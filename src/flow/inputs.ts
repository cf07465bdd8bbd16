/**
 * What a join gets: the flow as each branch left it, in the order of the branches, or of the items of the foreach.
 * Artifacts are loaded when first read, and nothing can be assigned.
 *
 * @example
 * merge = join((inputs: Inputs<this>) => {
 *   this.total = inputs.reduce((sum, { count }) => sum + count, 0);
 *   this.title = inputs.get('fetch').title;
 *   this.next(this.end);
 * });
 */
export interface Inputs<F> extends ReadonlyArray<Readonly<F>> {
  /** The flow as the branch of this step left it. @throws {RangeError} when there is none, or more than one */
  get(stepName: string): Readonly<F>;
}

/** One of the tasks that a join brings together. */
export interface JoinInput {
  /** The step of the task. */
  readonly step: string;
  readonly taskId: string;
  /** The names of the artifacts that the task left. */
  readonly names: readonly string[];
  /** The value of one of them; called at most once for a name, when it is first touched. */
  readonly load: (name: string) => unknown;
  /** The content hash of one of them: to compare without loading. */
  readonly sha256: (name: string) => string;
}
