import './core/node-version.ts';

export { current, type Current, type ForeachFrame } from './flow/current.ts';
export { FlowSpec } from './flow/flow-spec.ts';
export type {
  FlowClass,
  FlowSpecWith,
  ParameterArguments,
  ParameterDefinitions,
  ParameterFields,
} from './flow/flow-spec.ts';
export type { Inputs } from './flow/inputs.ts';
export { join } from './flow/join.ts';
export { parameter } from './flow/parameter.ts';
export type { CertainOptions, Parameter, ParameterOptions } from './flow/parameter.ts';
export { step, type Step, type StepBody } from './flow/step.ts';
export { main } from './program/main.ts';
