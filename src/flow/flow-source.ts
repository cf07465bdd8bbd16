import type { AnyNode } from 'acorn';
import type { FlowDefinition } from './definition.ts';
import type { Graph } from './graph.ts';
import { sourceLocations, type SourceLocation } from './source-location.ts';
import { lineOffset, parseClass } from './step-source.ts';

/** Finds the lines on which a flow says what it says. Nothing is looked up before something is asked for. */
export class FlowSource {
  readonly #flowClass: object;
  readonly #graph: Graph;
  #locations: ReadonlyMap<object, SourceLocation> | undefined;

  constructor({ flowClass }: FlowDefinition, graph: Graph) {
    this.#flowClass = flowClass;
    this.#graph = graph;
  }

  /** The line of `class MyFlow`. */
  flow(): SourceLocation | undefined {
    return this.#inClass(this.#flowClass, (node) => node);
  }

  /** The line on which the step's field is defined. */
  step(name: string): SourceLocation | undefined {
    for (const part of classChain(this.#flowClass)) {
      const location = this.#inClass(part, (node) => field(node, name));
      if (location !== undefined) return location;
    }
    return this.inStep(name, 0) ?? this.flow();
  }

  /** A line of the step's function, `offset` lines below its first. */
  inStep(name: string, offset: number): SourceLocation | undefined {
    const body = this.#graph.steps.get(name)?.body;
    const start = body === undefined ? undefined : this.#all().get(body);
    return start === undefined ? undefined : { file: start.file, line: start.line + offset };
  }

  /** The line on which the parameter or config is defined. */
  parameter(name: string): SourceLocation | undefined {
    for (const part of classChain(this.#flowClass)) {
      const location = this.#inClass(part, (node) => parameterProperty(node, name));
      if (location !== undefined) return location;
    }
    return this.flow();
  }

  #inClass(part: object, find: (node: AnyNode) => AnyNode | undefined): SourceLocation | undefined {
    const known = this.#all().get(part);
    const node = parseClass(Function.prototype.toString.call(part));
    const found = node === undefined ? undefined : find(node);
    if (known === undefined || node === undefined || found === undefined) return undefined;
    // What is known of a class with a constructor is where the constructor is.
    const firstLine = known.line - lineOffset(constructorOf(node) ?? node);
    return { file: known.file, line: firstLine + lineOffset(found) };
  }

  #all(): ReadonlyMap<object, SourceLocation> {
    const bodies = [...this.#graph.steps.values()].flatMap(({ body }) => (body === undefined ? [] : [body]));
    return (this.#locations ??= sourceLocations([...classChain(this.#flowClass), ...bodies]));
  }
}

/** The class and the classes it extends, the nearest first. */
function classChain(flowClass: object): readonly object[] {
  const parent: unknown = Object.getPrototypeOf(flowClass);
  const isRoot = typeof parent !== 'function' || parent === Function.prototype;
  return isRoot ? [flowClass] : [flowClass, ...classChain(parent)];
}

function members(node: AnyNode): readonly AnyNode[] {
  return node.type === 'ClassExpression' ? node.body.body : [];
}

function constructorOf(node: AnyNode): AnyNode | undefined {
  return members(node).find((member) => member.type === 'MethodDefinition' && member.kind === 'constructor');
}

function field(node: AnyNode, name: string): AnyNode | undefined {
  return members(node).find((member) => member.type === 'PropertyDefinition' && isNamed(member.key, name));
}

/** The property of that name in what a class hands to `FlowSpec.with` in its `extends`. */
function parameterProperty(node: AnyNode, name: string): AnyNode | undefined {
  const base = node.type === 'ClassExpression' ? node.superClass : undefined;
  const [parameters, options] = base?.type === 'CallExpression' ? base.arguments : [];
  const config = property(options, 'config');
  return property(parameters, name) ?? (config?.type === 'Property' ? property(config.value, name) : undefined);
}

function property(node: AnyNode | undefined, name: string): AnyNode | undefined {
  if (node?.type !== 'ObjectExpression') return undefined;
  return node.properties.find((one) => one.type === 'Property' && isNamed(one.key, name));
}

function isNamed(key: AnyNode, name: string): boolean {
  return (key.type === 'Identifier' && key.name === name) || (key.type === 'Literal' && key.value === name);
}
