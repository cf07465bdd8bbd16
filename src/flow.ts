import './core/node-version.ts';

export { config, type Config, type ConfigFormat, type ConfigOptions } from './flow/config.ts';
export { current, type Current, type ForeachFrame } from './flow/current.ts';
export { FlowSpec } from './flow/flow-spec.ts';
export type {
  ConfigArguments,
  ConfigDefinitions,
  ConfigFields,
  FlowClass,
  FlowSpecWith,
  ParameterArguments,
  ParameterDefinitions,
  ParameterFields,
} from './flow/flow-spec.ts';
export type { Inputs } from './flow/inputs.ts';
export { join } from './flow/join.ts';
export { parameter } from './flow/parameter.ts';
export type {
  CertainMultipleOptions,
  CertainOptions,
  Default,
  MultipleOptions,
  Parameter,
  ParameterOptions,
} from './flow/parameter.ts';
export { step, type Step, type StepBody } from './flow/step.ts';
export { main } from './program/main.ts';
