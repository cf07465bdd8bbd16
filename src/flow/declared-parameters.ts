import { DefinedParameter, type Parameter } from './parameter.ts';

/** Parameters by name, in the order of their definition. */
export type DeclaredParameters = ReadonlyMap<string, Parameter>;

const declared = new WeakMap<object, DeclaredParameters>();

/** Remembers the parameters of the base class that `FlowSpec.with` makes. @throws {TypeError} when one is no parameter */
export function declareParameters(FlowClass: object, parameters: Readonly<Record<string, unknown>>): void {
  const byName = new Map<string, Parameter>();
  for (const [name, parameter] of Object.entries(parameters)) {
    if (!(parameter instanceof DefinedParameter)) {
      throw new TypeError(
        `FlowSpec.with() was given ${name}, which is no parameter\n` +
          `Make it with parameter.string(), parameter.integer() or another of parameter's kinds.`,
      );
    }
    byName.set(name, parameter);
  }
  declared.set(FlowClass, byName);
}

/** The parameters of a flow class: those of the nearest base class that `FlowSpec.with` made, or none. */
export function declaredParameters(FlowClass: object): DeclaredParameters {
  for (let part: unknown = FlowClass; typeof part === 'function'; part = Object.getPrototypeOf(part)) {
    const parameters = declared.get(part);
    if (parameters !== undefined) return parameters;
  }
  return new Map();
}
