const NOTHING: ReadonlySet<string> = new Set();

/**
 * Which parameters had a part in what a task did. During construction a read belongs to whatever is defined next, a field or
 * a step, since it stands in its initialiser; from then on it is the task's own, and a field that still has its initial
 * value passes its initialiser's reads on to whoever reads it.
 */
export class ParameterReads {
  /** For a name whose reading tells on parameters: which. Only parameters and initial values made from some are here. */
  readonly #told = new Map<PropertyKey, ReadonlySet<string>>();
  /** What was read since the last definition: that belongs to the next. */
  #recent = new Set<string>();
  /** All that was read during construction. */
  readonly #initial = new Set<string>();
  readonly #ofSteps = new Map<string, ReadonlySet<string>>();
  /** What counts as read whatever becomes of the fields. */
  readonly #certain = new Set<string>();
  #isConstructed = false;

  declare(parameter: string): void {
    this.#told.set(parameter, new Set([parameter]));
  }

  /** A property of the flow was read. */
  note(key: PropertyKey): void {
    const parameters = this.#told.get(key);
    if (parameters === undefined) return;
    for (const name of parameters) {
      if (this.#isConstructed) this.#certain.add(name);
      else {
        this.#recent.add(name);
        this.#initial.add(name);
      }
    }
  }

  /** A parameter was read by another way than as a property of the flow. */
  add(parameter: string): void {
    this.#certain.add(parameter);
  }

  /** A field got its initial value. */
  initialise(field: string): void {
    if (this.#recent.size > 0) this.#told.set(field, this.#recent);
    else this.#told.delete(field);
    this.#recent = new Set();
  }

  defineStep(step: string): void {
    this.#told.delete(step);
    this.#ofSteps.set(step, this.#recent);
    this.#recent = new Set();
  }

  /** What a field holds from now on has nothing to do with its initialiser. */
  forget(field: string): void {
    this.#told.delete(field);
  }

  /** @param FlowClass what was constructed: unless all its reads belong to public fields, none is believed to */
  endConstruction(FlowClass: new () => object): void {
    if (this.#initial.size > 0 && hidesReads(FlowClass)) for (const name of this.#initial) this.#certain.add(name);
    for (const name of this.#recent) this.#certain.add(name);
    this.#isConstructed = true;
  }

  beginStep(step: string): void {
    for (const name of this.#ofSteps.get(step) ?? NOTHING) this.#certain.add(name);
  }

  /** The parameters, given the fields that have their initial values. */
  all(initialFields: Iterable<string>): ReadonlySet<string> {
    const reads = new Set(this.#certain);
    for (const field of initialFields) for (const name of this.#told.get(field) ?? NOTHING) reads.add(name);
    return reads;
  }
}

/**
 * Whether parameters may be read during construction for something other than the next public field: a `#private` field,
 * of which a Proxy is told nothing, or the body of a constructor.
 */
function hidesReads(FlowClass: new () => object): boolean {
  const parent = Object.getPrototypeOf(FlowClass) as new () => object;
  if (parent === Function.prototype) return false; // FlowSpec itself
  return /#[\p{ID_Start}_$]|\bconstructor\s*\(/u.test(FlowClass.toString()) || hidesReads(parent);
}
