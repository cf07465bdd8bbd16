import { resolveConfigs } from '../flow/resolve-configs.ts';
import { defaultParameters, resolveParameters } from '../flow/resolve-parameters.ts';
import { givenParameters } from './given-parameters.ts';
import type { ProgramContext } from './program.ts';

/** Values of the parameters and configs of a flow, by name. */
export type FlowValues = Readonly<Record<string, unknown>>;

/**
 * The parameters and configs of a run that is about to begin.
 *
 * @param options.origin those of the run that is resumed
 * @throws {InvalidOptionError} when something that was given is wrong, or something is missing
 */
export async function runValues(
  { definition, commandLine }: ProgramContext,
  options: { readonly origin?: FlowValues } = {},
): Promise<FlowValues> {
  const { parameters, configs } = definition;
  const given = givenParameters(commandLine, parameters);
  const configValues = await resolveConfigs(configs, commandLine.topLevel, options);
  return { ...(await resolveParameters(parameters, given, options)), ...configValues };
}

/** The same for a flow that is only looked at: its parameters have their defaults, its configs are read. */
export async function defaultValues({ definition, commandLine }: ProgramContext): Promise<FlowValues> {
  const configValues = await resolveConfigs(definition.configs, commandLine.topLevel);
  return { ...(await defaultParameters(definition.parameters)), ...configValues };
}
