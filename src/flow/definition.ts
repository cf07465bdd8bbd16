import { RacewayError } from '../core/errors.ts';
import { type DeclaredConfigs, declarationsOf, type DeclaredParameters } from './declared-parameters.ts';
import { FlowSpec, type FlowClass } from './flow-spec.ts';

/** A flow as far as it is known without looking into its steps. */
export interface FlowDefinition {
  readonly name: string;
  /** By name, in the order of their definition. */
  readonly parameters: DeclaredParameters;
  /** By name, in the order of their definition. */
  readonly configs: DeclaredConfigs;
  readonly flowClass: FlowClass;
}

/**
 * What a flow class defines. Cheap: nothing is constructed and no source is read.
 *
 * @throws {RacewayError} `FLOW_DEFINITION` when it is no flow class, or its name cannot be a flow's
 */
export function defineFlow(flowClass: FlowClass): FlowDefinition {
  const given: unknown = flowClass;
  if (typeof given !== 'function' || !(given.prototype instanceof FlowSpec)) {
    throw new RacewayError(
      'FLOW_DEFINITION',
      'What was given as a flow is no class that extends FlowSpec',
      'Write it as class MyFlow extends FlowSpec { … } and give the class itself, as in main(MyFlow).',
    );
  }
  const { name } = flowClass;
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw new RacewayError(
      'FLOW_DEFINITION',
      name === '' ? 'The flow class has no name' : `A flow cannot be called ${name}`,
      'Give the class a name of letters, digits and "_" that does not begin with a digit.',
    );
  }
  return { name, ...declarationsOf(flowClass), flowClass };
}
