import './core/node-version.ts';

export { failedTask, type FailedTask } from './testing/failed-task.ts';
export { runFlow, type RunFlowOptions, type TestedFlow } from './testing/run-flow.ts';
export { runStep, type JoinInputs, type RunStepOptions } from './testing/run-step.ts';
export type { TestOptions } from './testing/test-run.ts';
export type { CurrentValues } from './testing/test-context.ts';
export type { ItemOf, LeftArtifacts, StepName, TestedTask, TestedTransition } from './testing/tested-task.ts';
