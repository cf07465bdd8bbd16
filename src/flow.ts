import './core/node-version.ts';

export { config, type Config, type ConfigFormat, type ConfigOptions } from './flow/config.ts';
export { current, type Current, type ForeachFrame } from './flow/current.ts';
export {
  defineDecorator,
  type DecoratedTask,
  type Decorator,
  type DecoratorHooks,
  type DecoratorMaker,
} from './flow/decorator.ts';
export { card, type CardOptions } from './flow/decorators/card.ts';
export { catchError, type CatchErrorOptions, type CaughtError } from './flow/decorators/catch-error.ts';
export { environment, type EnvironmentOptions } from './flow/decorators/environment.ts';
export { isolate } from './flow/decorators/isolate.ts';
export { resources, type ResourcesOptions } from './flow/decorators/resources.ts';
export { retry, type RetryOptions } from './flow/decorators/retry.ts';
export { secrets, type SecretsOptions } from './flow/decorators/secrets.ts';
export { timeout, type TimeoutOptions } from './flow/decorators/timeout.ts';
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
export type { CardPolicy, CatchPolicy, Resources, RetryPolicy, SecretSource, StepPolicy } from './flow/step-policy.ts';
export { step, type Step, type StepBody } from './flow/step.ts';
export { main } from './program/main.ts';
