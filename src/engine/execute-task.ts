import { RacewayError } from '../core/errors.ts';
import { current } from '../flow/current.ts';
import type { DefinedDecorator } from '../flow/decorator.ts';
import type { FlowClass } from '../flow/flow-spec.ts';
import { createTask, type JoinInput, type TaskInstance } from '../flow/task-instance.ts';
import type { Transition } from '../flow/transition.ts';
import { decodeText, decodeValue, encodeText } from '../store/encoding.ts';
import type { ArtifactRecord, NewBlob, TransitionRecord } from '../store/run-store.ts';
import { collectArtifacts } from './collect-artifacts.ts';
import type { JoinedTask, TaskOrder, TaskOutcome } from './messages.ts';
import { SecretSearch } from './secret-search.ts';

/** What a task is, whoever executes it and wherever its artifacts are. */
export type TaskWork = Pick<
  TaskOrder,
  'step' | 'frames' | 'inherited' | 'inputs' | 'split' | 'maxNumSplits' | 'secrets'
>;

/** Where the content of artifacts comes from and goes to. */
export interface TaskContent {
  /** Content of an artifact that the task inherits; in an ArrayBuffer that is used for nothing else. */
  readonly read: (artifact: ArtifactRecord) => Uint8Array;
  /** Content that the task leaves. */
  readonly prepare: (parts: readonly Uint8Array[]) => NewBlob;
}

/** What became of a task that threw nothing. */
export type TaskSuccess = Extract<TaskOutcome, { readonly status: 'successful' }>;

/**
 * Runs a step as a task: on an instance of its own that starts from what the tasks before it left. Rejects with what the
 * step threw.
 *
 * @throws {RacewayError} `ARTIFACT` when an artifact or the item of a foreach cannot be stored
 */
export async function executeTask(
  flowClass: FlowClass,
  work: TaskWork,
  {
    parameters,
    content,
    with: added = [],
    onTask,
  }: {
    /** The run's, for this task alone. */
    parameters: Readonly<Record<string, unknown>>;
    content: TaskContent;
    with?: readonly DefinedDecorator[];
    /** Given the instance before the step runs on it, for whoever wants to know of it also when the step throws. */
    onTask?: (task: TaskInstance) => void;
  },
): Promise<TaskSuccess> {
  const inherited = byName(work.inherited);
  const inputs = (work.inputs ?? []).map(withArtifactsByName);
  const split = work.split && withArtifactsByName(work.split);
  const item = itemOf(work);
  const task = createTask(flowClass, {
    parameters,
    inherited: [...inherited.keys()],
    load: loader(inherited, content),
    ...(item === undefined ? undefined : { item: { value: decodeText(item) } }),
    ...(work.inputs === undefined ? undefined : { inputs: inputs.map(toJoinInput(content)) }),
    ...(split === undefined ? undefined : { split: toJoinInput(content)(split) }),
    maxNumSplits: work.maxNumSplits,
    with: added,
  });
  onTask?.(task);
  await task.run(work.step);
  const { artifacts, blobs } = collectArtifacts(task.fields(), {
    prepare: content.prepare,
    inherited,
    inputs: split === undefined ? inputs : [split],
    secrets: new SecretSearch(work.secrets),
  });
  const transition = recordTransition(task.transition, work);
  return { status: 'successful', transition, artifacts, cards: [], blobs, reads: { parameters: task.parameterReads } };
}

type ArtifactsByName = ReadonlyMap<string, ArtifactRecord>;

function byName(artifacts: readonly ArtifactRecord[]): ArtifactsByName {
  return new Map(artifacts.map((artifact) => [artifact.name, artifact]));
}

function withArtifactsByName({ taskId, branch, artifacts }: JoinedTask) {
  return { taskId, branch, artifacts: byName(artifacts) };
}

function loader(artifacts: ArtifactsByName, { read }: TaskContent): (name: string) => unknown {
  return (name) => {
    const artifact = artifacts.get(name);
    if (artifact === undefined) throw new Error(`${current.pathspec} inherits no ${name}`);
    return decodeValue(read(artifact));
  };
}

function toJoinInput(content: TaskContent) {
  return ({
    taskId,
    branch,
    artifacts,
  }: {
    taskId: string;
    branch: string;
    artifacts: ArtifactsByName;
  }): JoinInput => ({
    step: branch,
    taskId,
    // A field that a branch left undefined reads the same without, and so does not stand against another branch's value.
    names: [...artifacts.values()].filter(({ type }) => type !== 'undefined').map(({ name }) => name),
    load: loader(artifacts, content),
    sha256: (name) => artifacts.get(name)?.sha256 ?? '',
  });
}

/** The item of a foreach belongs to the step that its iteration begins with. */
function itemOf({ frames, step, inputs }: TaskWork): string | undefined {
  const frame = frames.at(-1);
  return frame?.name === step && inputs === undefined ? frame.item : undefined;
}

/** @throws {RacewayError} `ARTIFACT` for an item that cannot be stored */
function recordTransition(
  transition: Transition | undefined,
  { step, secrets }: TaskWork,
): TransitionRecord | undefined {
  if (transition?.kind !== 'foreach') return transition && { kind: transition.kind, steps: transition.steps };
  const { kind, steps, items } = transition;
  const search = new SecretSearch(secrets);
  return { kind, steps, items: items.map((item, index) => encodeItem(item, { step, index, search })) };
}

function encodeItem(
  item: unknown,
  { step, index, search }: { step: string; index: number; search: SecretSearch },
): string {
  const encoded = encodeText(item);
  if (encoded.kind === 'encoded') {
    search.refuse(`item ${index} of the foreach of step ${step}`, [Buffer.from(encoded.text)]);
    return encoded.text;
  }
  throw new RacewayError(
    'ARTIFACT',
    `item ${index} of the foreach of step ${step} cannot be stored: it holds ${encoded.what}`,
    'Go over data, such as names or numbers, and make the rest in the step that gets them.',
  );
}
