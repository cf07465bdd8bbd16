import { RacewayError } from '../core/errors.ts';
import { DEFAULT_NUM_SPLITS } from '../core/flags.ts';
import type { ConfigInputs, ParameterInputs } from '../core/flow-shape.ts';
import { parameterText } from '../core/parameter-text.ts';
import { formatPathspec } from '../core/pathspec.ts';
import { executeTask, type TaskSuccess, type TaskWork } from '../engine/execute-task.ts';
import { describeMisfit } from '../engine/fits.ts';
import { RunParameters } from '../engine/run-parameters.ts';
import { TaskCards } from '../engine/task-cards.ts';
import { foreachStack } from '../engine/foreach-stack.ts';
import { checkedGraph } from '../flow/checked-graph.ts';
import { defineFlow, type FlowDefinition } from '../flow/definition.ts';
import { encodeParameters } from '../flow/encode-parameters.ts';
import type { FlowClass, FlowSpec } from '../flow/flow-spec.ts';
import type { Graph } from '../flow/graph.ts';
import { resolveConfigs } from '../flow/resolve-configs.ts';
import { type GivenValue, resolveParameters } from '../flow/resolve-parameters.ts';
import { mergePolicies } from '../flow/step-policy.ts';
import { decodeText } from '../store/encoding.ts';
import type { TransitionRecord } from '../store/run-store.ts';
import { ArtifactMemory } from './artifact-memory.ts';
import { noteFailure } from './failed-task.ts';
import { type CurrentValues, TestContext } from './test-context.ts';
import type { LeftArtifacts, StepName, TestedTask, TestedTransition } from './tested-task.ts';

/** What `runStep` and `runFlow` have in common. */
export interface TestOptions<F extends object> {
  /** Parameter values, as a Runner takes them; those left out have their defaults. */
  readonly parameters?: ParameterInputs<F> | undefined;
  /** Values of configs; those left out are read from their files, as in a run. */
  readonly configs?: ConfigInputs<F> | undefined;
  /** What `current` says of the run. */
  readonly current?: CurrentValues | undefined;
  /** What steps get as `current.signal`. @default one that is never aborted */
  readonly signal?: AbortSignal | undefined;
  /** How many children a foreach may have, 1 or more. @default 100 */
  readonly maxNumSplits?: number | undefined;
}

/** A task that a test wants to be executed. */
export type TestWork<S extends string = string> = Pick<TaskWork, 'frames' | 'inherited' | 'inputs'> & {
  readonly step: S;
  readonly parentIds: readonly string[];
};

/** A task that has succeeded: for the test, and for those that follow it. */
export interface ExecutedTask<F extends object, S extends string> {
  readonly task: TestedTask<F, S>;
  readonly left: Pick<TaskSuccess, 'artifacts' | 'transition'>;
}

/** What a run is while a test lasts: the parameters, the graph, and in memory what its tasks left. */
export class TestRun<F extends FlowSpec> {
  readonly definition: FlowDefinition;
  readonly graph: Graph;
  readonly parameters: RunParameters;
  readonly contents = new ArtifactMemory();
  readonly #options: TestOptions<F>;
  #taskCount = 0;

  /**
   * @throws {InvalidOptionError} when a parameter or config is unknown, missing, or has a wrong value
   * @throws {RacewayError} `FLOW_DEFINITION` when it is no flow class, cannot be read, or the lint finds something
   */
  static async begin<F extends FlowSpec>(
    flowClass: FlowClass<F>,
    options: TestOptions<F>,
    { lint }: { lint: boolean },
  ): Promise<TestRun<F>> {
    const definition = defineFlow(flowClass);
    const parameters = {
      ...(await resolveParameters(definition.parameters, givenParameters(options.parameters ?? {}))),
      ...(await resolveConfigs(definition.configs, { configValue: options.configs ?? {} })),
    };
    const graph = checkedGraph(definition, { parameters, lint });
    return new TestRun({ definition, graph, parameters: new RunParameters(encodeParameters(parameters)) }, options);
  }

  private constructor(
    { definition, graph, parameters }: { definition: FlowDefinition; graph: Graph; parameters: RunParameters },
    options: TestOptions<F>,
  ) {
    this.definition = definition;
    this.graph = graph;
    this.parameters = parameters;
    this.#options = options;
  }

  /** Rejects with what the step threw. */
  async execute<S extends string>(work: TestWork<S>): Promise<ExecutedTask<F, S>> {
    const { name: flowName, flowClass } = this.definition;
    const { step, parentIds, frames } = work;
    const { maxNumSplits = DEFAULT_NUM_SPLITS, signal, current: values = {} } = this.#options;
    const taskId = String((this.#taskCount += 1));
    const { decorators = [] } = this.graph.steps.get(step) ?? {};
    const { cards = [] } = mergePolicies(decorators.map(({ policy }) => policy));
    using context = new TestContext(
      { flowName, stepName: step, taskId, foreachStack: foreachStack(frames), card: new TaskCards({ step, cards }) },
      { values, signal },
    );
    const { runId, index } = context;
    try {
      const { artifacts, transition } = await context.around(() =>
        executeTask(
          flowClass,
          { ...work, maxNumSplits, secrets: [] },
          { parameters: this.parameters.forTask(), content: this.contents },
        ),
      );
      this.#refuseMisfit(transition, step);
      const load = (): LeftArtifacts<F> => this.contents.load(artifacts) as unknown as LeftArtifacts<F>;
      const task = lazyTask({ step, id: taskId, parentIds, index, transition: asTested<F>(transition) }, load);
      return { task, left: { artifacts, transition } };
    } catch (thrown) {
      const pathspec = formatPathspec({ flow: flowName, run: runId, step, task: taskId });
      noteFailure(thrown, { pathspec, step, id: taskId, index });
      throw thrown;
    }
  }

  #refuseMisfit(transition: TransitionRecord | undefined, step: string): void {
    const misfit = describeMisfit(transition, this.graph.steps.get(step));
    if (misfit === undefined) return;
    throw new RacewayError('FLOW_DEFINITION', misfit, 'Write the transition out, as this.next(this.<step>).');
  }
}

/** A Runner writes parameters as text, and the flow reads it. */
function givenParameters(parameters: object): ReadonlyMap<string, GivenValue> {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return new Map(given.map(([name, value]) => [name, { kind: 'text', texts: [parameterText(name, value)] }]));
}

/** Loads the artifacts when they are first asked for: a flow may have thousands of tasks, and a test looks at one. */
function lazyTask<F extends object, S extends string>(
  facts: Omit<TestedTask<F, S>, 'artifacts'>,
  load: () => LeftArtifacts<F>,
): TestedTask<F, S> {
  let artifacts: LeftArtifacts<F> | undefined;
  return {
    ...facts,
    get artifacts() {
      return (artifacts ??= load());
    },
  };
}

function asTested<F extends object>(transition: TransitionRecord | undefined): TestedTransition<F> | undefined {
  if (transition === undefined) return undefined;
  const { kind, items = [] } = transition;
  const steps = transition.steps as readonly StepName<F>[];
  if (kind === 'branch') return { kind, steps };
  const only = steps as readonly [StepName<F>];
  return kind === 'foreach' ? { kind, steps: only, items: items.map(decodeText) } : { kind, steps: only };
}
