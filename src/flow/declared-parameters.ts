import { type Config, DefinedConfig } from './config.ts';
import { DefinedParameter, type Parameter } from './parameter.ts';

/** Parameters by name, in the order of their definition. */
export type DeclaredParameters = ReadonlyMap<string, Parameter>;

/** Configs by name, in the order of their definition. */
export type DeclaredConfigs = ReadonlyMap<string, Config>;

/** What `FlowSpec.with` was given. */
export interface Declarations {
  readonly parameters: DeclaredParameters;
  readonly configs: DeclaredConfigs;
}

const declared = new WeakMap<object, Declarations>();

/**
 * Remembers the parameters and configs of the base class that `FlowSpec.with` makes.
 *
 * @throws {TypeError} when one is no parameter or no config, or a parameter and a config have one name
 */
export function declareParameters(
  FlowClass: object,
  parameters: Readonly<Record<string, unknown>>,
  configs: Readonly<Record<string, unknown>>,
): void {
  const parametersByName = new Map<string, Parameter>();
  for (const [name, parameter] of Object.entries(parameters)) {
    if (!(parameter instanceof DefinedParameter)) {
      throw new TypeError(
        `FlowSpec.with() was given ${name}, which is no parameter\n` +
          (parameter instanceof DefinedConfig
            ? 'A config belongs in the second argument: FlowSpec.with({ … }, { config: { … } }).'
            : `Make it with parameter.string(), parameter.integer() or another of parameter's kinds.`),
      );
    }
    parametersByName.set(name, parameter);
  }
  const configsByName = new Map<string, Config>();
  for (const [name, config] of Object.entries(configs)) {
    if (!(config instanceof DefinedConfig)) {
      throw new TypeError(
        `FlowSpec.with() was given the config ${name}, which is none\n` +
          `Make it with config.json() or config.yaml().`,
      );
    }
    if (parametersByName.has(name)) {
      throw new TypeError(
        `FlowSpec.with() was given a parameter and a config that are both called ${name}\nRename one of them.`,
      );
    }
    configsByName.set(name, config);
  }
  declared.set(FlowClass, { parameters: parametersByName, configs: configsByName });
}

/** The parameters and configs of a flow class: those of the nearest base class that `FlowSpec.with` made, or none. */
export function declarationsOf(FlowClass: object): Declarations {
  for (let part: unknown = FlowClass; typeof part === 'function'; part = Object.getPrototypeOf(part)) {
    const declarations = declared.get(part);
    if (declarations !== undefined) return declarations;
  }
  return { parameters: new Map(), configs: new Map() };
}
