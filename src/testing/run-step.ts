import { RacewayError } from '../core/errors.ts';
import { collectArtifacts } from '../engine/collect-artifacts.ts';
import { SecretSearch } from '../engine/secret-search.ts';
import type { ForeachFrame } from '../flow/current.ts';
import type { FlowClass, FlowSpec } from '../flow/flow-spec.ts';
import type { GraphStep } from '../flow/graph.ts';
import { createTask, type TaskField } from '../flow/task-instance.ts';
import { encodeText } from '../store/encoding.ts';
import type { ArtifactRecord, FrameRecord } from '../store/run-store.ts';
import { type TestOptions, TestRun, type TestWork } from './test-run.ts';
import type { ItemOf, LeftArtifacts, StepName, TestedTask } from './tested-task.ts';

/**
 * What the tasks left that meet in a join: by the steps that the branches begin with, or for a foreach, in the order of its
 * items. What is left out of one has its initial value.
 */
export type JoinInputs<F extends object> =
  readonly Partial<LeftArtifacts<F>>[] | { readonly [S in StepName<F>]?: Partial<LeftArtifacts<F>> };

/** Options of `runStep`. */
export interface RunStepOptions<F extends object, S extends string> extends TestOptions<F> {
  /** What the task before it left; other fields have their initial values. Not for a join. */
  readonly artifacts?: Partial<LeftArtifacts<F>> | undefined;
  /** For a join, which needs them: what the tasks left that meet in it. */
  readonly inputs?: JoinInputs<F> | undefined;
  /** For a step that a foreach leads to, which needs it: its item, the only one of the foreach. */
  readonly item?: ItemOf<F, S> | undefined;
  /**
   * The foreach transitions that the task stands in, the innermost last, for a step that asks for its position or stands
   * in several. Instead of `item`, which is then the innermost value.
   */
  readonly foreachStack?: readonly ForeachFrame[] | undefined;
}

/**
 * Runs one step in this process, from the values given, as a task of a run does it: they are encoded and read again, what
 * the step leaves is too, and it may only go where its source says. Nothing is stored.
 *
 * Rejects with what the step threw, the same object. It is tried once, whatever its decorators say of attempts and errors.
 *
 * @throws {TypeError} when what is given does not fit the kind of the step
 * @throws {InvalidOptionError} when a parameter is unknown, missing, or has a wrong value
 * @throws {RacewayError} `NOT_FOUND` when there is no such step; `FLOW_DEFINITION` when it goes where it may not; `ARTIFACT`
 *   when what was given, or what it left, cannot be stored
 *
 * @example
 * const { artifacts, transition } = await runStep(Report, 'count', { artifacts: { lines: ['a', 'b'] } });
 * expect(artifacts.total).toBe(2);
 * expect(transition).toEqual({ kind: 'linear', steps: ['end'] });
 */
export async function runStep<F extends FlowSpec, S extends StepName<F>>(
  flowClass: FlowClass<F>,
  step: S,
  options: RunStepOptions<F, S> = {},
): Promise<TestedTask<F, S>> {
  const run = await TestRun.begin(flowClass, options, { lint: false });
  // Of a step that there is not, the task itself tells.
  const start = run.graph.steps.has(step) ? new StepStart(run, { step, options }) : NOWHERE;
  const { task } = await run.execute({ step, parentIds: [], ...start.sources(), frames: start.frames() });
  return task;
}

/** What a step that runs by itself starts from. */
interface Start {
  readonly sources: () => Pick<TestWork, 'inherited' | 'inputs'>;
  /** The splits it stands in. */
  readonly frames: () => readonly FrameRecord[];
}

const NOWHERE: Start = { sources: () => ({ inherited: [], inputs: undefined }), frames: () => [] };

class StepStart<F extends FlowSpec> implements Start {
  readonly #run: TestRun<F>;
  readonly #step: string;
  readonly #options: RunStepOptions<F, string>;

  constructor(run: TestRun<F>, { step, options }: { step: string; options: RunStepOptions<F, string> }) {
    this.#run = run;
    this.#step = step;
    this.#options = options;
  }

  sources(): ReturnType<Start['sources']> {
    const { artifacts, inputs } = this.#options;
    if (this.#run.graph.steps.get(this.#step)?.kind !== 'join') {
      if (inputs !== undefined) throw this.#misused('was given inputs, and is no join', 'Give it artifacts instead.');
      return { inherited: this.#record(artifacts ?? {}), inputs: undefined };
    }
    if (artifacts !== undefined) {
      throw this.#misused('was given artifacts, and is a join, which starts from its inputs', INPUTS);
    }
    if (inputs === undefined) throw this.#misused('is a join and was given no inputs', INPUTS);
    // In a run the tasks that meet have the initial values from the task that split, all the same ones.
    const initial = this.#collect(this.#construct([]));
    const joined = this.#branches(inputs).map(({ branch, left }) => {
      const given = this.#record(left);
      const names = new Set(given.map(({ name }) => name));
      return { taskId: 'given', branch, artifacts: [...initial.filter(({ name }) => !names.has(name)), ...given] };
    });
    return { inherited: [], inputs: joined };
  }

  /** The inputs with the steps that their branches begin with, in the order of the split. */
  #branches(inputs: JoinInputs<F>): readonly { readonly branch: string; readonly left: object }[] {
    const split = this.#split();
    const branches = split?.transition?.steps ?? [];
    const isForeach = split?.transition?.kind === 'foreach';
    if (isArray(inputs)) {
      if (isForeach || split === undefined) return inputs.map((left) => ({ branch: branches[0] ?? '', left }));
      if (inputs.length === branches.length) {
        return inputs.map((left, index) => ({ branch: branches[index] ?? '', left }));
      }
    } else {
      if (isForeach) {
        throw this.#misused(
          `joins the tasks of the foreach in step ${split?.name}, and was given inputs by name`,
          'Give them as an array, in the order of the items.',
        );
      }
      const given = new Map(Object.entries<object | undefined>(inputs));
      const names = split === undefined ? [...given.keys()] : branches;
      if (given.size === names.length && names.every((branch) => given.get(branch) !== undefined)) {
        return names.map((branch) => ({ branch, left: given.get(branch) ?? {} }));
      }
    }
    const given = isArray(inputs)
      ? `${inputs.length} in an array`
      : `those of ${Object.keys(inputs).join(', ') || 'none'}`;
    throw this.#misused(
      `joins the branches ${branches.join(', ')}, and the inputs given are ${given}`,
      `Give one for each: inputs: { ${branches.map((branch) => `${branch}: { … }`).join(', ')} }.`,
    );
  }

  /** The step whose branches or tasks the join brings together, if the graph tells. */
  #split(): GraphStep | undefined {
    const { joinOf, steps } = this.#run.graph;
    const [name] = [...joinOf].find(([, join]) => join === this.#step) ?? [];
    return name === undefined ? undefined : steps.get(name);
  }

  frames(): readonly FrameRecord[] {
    const { foreachStack } = this.#options;
    const stack = foreachStack ?? this.#itemAsStack();
    const source = this.#foreachSource();
    if (foreachStack !== undefined && 'item' in this.#options) {
      throw this.#misused('was given both item and foreachStack', 'Give the item as the last value of the stack.');
    }
    if (source === undefined && 'item' in this.#options) {
      throw this.#misused('was given an item, and no foreach leads to it', 'Leave the item out.');
    }
    if (source !== undefined && stack.length === 0) {
      throw this.#misused(`gets an item from the foreach in step ${source}, and was given none`, 'Give it as item: ….');
    }
    return stack.map(({ index, count, value }, at) => ({
      split: '',
      slot: index,
      count,
      name: source !== undefined && at === stack.length - 1 ? this.#step : '',
      item: this.#encodeItem(value),
    }));
  }

  #itemAsStack(): readonly ForeachFrame[] {
    return 'item' in this.#options ? [{ index: 0, count: 1, value: this.#options.item }] : [];
  }

  /** The step whose foreach leads to this one. */
  #foreachSource(): string | undefined {
    for (const { name, transition } of this.#run.graph.steps.values()) {
      if (transition?.kind === 'foreach' && transition.steps[0] === this.#step) return name;
    }
    return undefined;
  }

  #encodeItem(item: unknown): string {
    const encoded = encodeText(item);
    if (encoded.kind === 'encoded') return encoded.text;
    throw new RacewayError(
      'ARTIFACT',
      `the item given to step ${this.#step} cannot be stored: it holds ${encoded.what}`,
      'Give it data, as the foreach has to.',
    );
  }

  /** Given values as if a task had left them. */
  #record(given: object): readonly ArtifactRecord[] {
    const names = Object.keys(given);
    if (names.length === 0) return [];
    const taken = new Set(this.#construct(names).flatMap(({ name, origin }) => (origin === 'untouched' ? [name] : [])));
    const refused = names.find((name) => !taken.has(name));
    if (refused !== undefined)
      throw this.#misused(`was given ${refused}, which is ${this.#whatIs(refused)}`, ONLY_DATA);
    return this.#collect(
      Object.entries<unknown>({ ...given }).map(([name, value]) => ({ name, origin: 'assigned', value })),
    );
  }

  #whatIs(name: string): string {
    if (this.#run.definition.parameters.has(name)) return 'a parameter and no artifact';
    return this.#run.graph.steps.has(name) ? 'a step and no artifact' : 'a member of the class and no artifact';
  }

  /** The fields of an instance that inherits these. */
  #construct(inherited: readonly string[]): readonly TaskField[] {
    const parameters = this.#run.parameters.forTask();
    return createTask(this.#run.definition.flowClass, { parameters, inherited, load: () => undefined }).fields();
  }

  #collect(fields: readonly TaskField[]): readonly ArtifactRecord[] {
    const { prepare } = this.#run.contents;
    return collectArtifacts(fields, { prepare, inherited: new Map(), inputs: [], secrets: new SecretSearch([]) })
      .artifacts;
  }

  #misused(what: string, advice: string): TypeError {
    return new TypeError(`Step ${this.#step} of ${this.#run.definition.name} ${what}\n${advice}`);
  }
}

const INPUTS = 'Give what its branches left as inputs: { a: { … }, b: { … } }, or for a foreach as inputs: [{ … }, …].';
const ONLY_DATA = 'Give parameters as parameters, and as artifacts only fields.';

/** `Array.isArray` makes nothing of a readonly array. */
function isArray(value: object): value is readonly object[] {
  return Array.isArray(value);
}
