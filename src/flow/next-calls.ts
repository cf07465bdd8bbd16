import type { AnyNode, CallExpression, ObjectExpression } from 'acorn';
import { childNodes, lineOffset, type FunctionSource } from './step-source.ts';
import type { StaticTransition } from './transition.ts';

/** A call of `this.next()` in the source of a step. */
export type NextCall =
  | { readonly kind: 'transition'; readonly transition: StaticTransition; readonly lineOffset: number }
  /** Not of a form that is understood. `mentions` are the fields of the flow that stand in it. */
  | {
      readonly kind: 'unknown';
      readonly text: string;
      readonly mentions: readonly string[];
      readonly lineOffset: number;
    };

/**
 * The calls of `this.next()` in a step's own function and the arrow functions inside it, in the order of the source.
 * `const self = this` is followed; a nested `function` has a `this` of its own.
 */
export function nextCalls({ node, text }: FunctionSource): readonly NextCall[] {
  const aliases = findAliases(node);
  const calls: NextCall[] = [];
  visit(node, true, (found, ownThis) => {
    if (found.type !== 'CallExpression') return;
    if (memberOfFlow(found.callee, aliases, ownThis) !== 'next') return;
    calls.push(readCall(found, { aliases, ownThis, text }));
  });
  return calls;
}

interface Scope {
  readonly aliases: ReadonlySet<string>;
  /** Whether `this` is the flow here. */
  readonly ownThis: boolean;
  readonly text: string;
}

function readCall(call: CallExpression, { aliases, ownThis, text }: Scope): NextCall {
  const transition = readArguments(call.arguments, (node) => memberOfFlow(node, aliases, ownThis));
  if (transition !== undefined) return { kind: 'transition', transition, lineOffset: lineOffset(call) };
  const mentions = new Set<string>();
  for (const argument of call.arguments) {
    visit(argument, ownThis, (found, foundOwnThis) => {
      const name = memberOfFlow(found, aliases, foundOwnThis);
      if (name !== undefined) mentions.add(name);
    });
  }
  const written = text.slice(call.start, call.end).replaceAll(/\s+/g, ' ');
  return { kind: 'unknown', text: written, mentions: [...mentions], lineOffset: lineOffset(call) };
}

/** The transition that stands in the arguments, if they are of a form that is understood. */
function readArguments(
  args: readonly AnyNode[],
  stepOf: (node: AnyNode) => string | undefined,
): StaticTransition | undefined {
  const [first, second, ...more] = args;
  if (first?.type === 'ObjectExpression') {
    if (more.length > 0 || !hasKeys(second, ['condition'])) return undefined;
    return readCases(first, stepOf);
  }
  const step = first === undefined ? undefined : stepOf(first);
  if (step === undefined) return undefined;
  if (second === undefined) return { kind: 'linear', steps: [step] };
  if (second.type === 'ObjectExpression') {
    const isForeach = more.length === 0 && hasKeys(second, ['foreach'], ['allowEmpty']);
    return isForeach ? { kind: 'foreach', steps: [step] } : undefined;
  }
  const steps = args.flatMap((node) => stepOf(node) ?? []);
  return steps.length === args.length ? { kind: 'branch', steps } : undefined;
}

/** Whether it is an object with these keys, written out, and perhaps the optional ones. */
function hasKeys(node: AnyNode | undefined, required: readonly string[], optional: readonly string[] = []): boolean {
  if (node?.type !== 'ObjectExpression') return false;
  const keys = node.properties.map((property) => propertyKey(property));
  return (
    required.every((key) => keys.includes(key)) &&
    keys.every((key) => key !== undefined && (required.includes(key) || optional.includes(key)))
  );
}

function readCases(
  { properties }: ObjectExpression,
  stepOf: (node: AnyNode) => string | undefined,
): StaticTransition | undefined {
  const cases = new Map<string, string>();
  for (const property of properties) {
    const key = propertyKey(property);
    const step = property.type === 'Property' ? stepOf(property.value) : undefined;
    if (key === undefined || step === undefined) return undefined;
    cases.set(key, step);
  }
  return { kind: 'switch', steps: [...new Set(cases.values())], cases: Object.fromEntries(cases) };
}

/** The key of a property that is written out: `yes`, `'no'`, `1`, `['maybe']`. */
function propertyKey(node: AnyNode): string | undefined {
  if (node.type !== 'Property') return undefined;
  const { key, computed } = node;
  if (key.type === 'Literal') return String(key.value);
  return key.type === 'Identifier' && !computed ? key.name : undefined;
}

/** Calls `see` for the node and all below it, and tells whether `this` still is that of the outermost function. */
function visit(node: AnyNode, ownThis: boolean, see: (node: AnyNode, ownThis: boolean) => void, depth = 0): void {
  see(node, ownThis);
  const bindsThis =
    node.type === 'FunctionExpression' || node.type === 'FunctionDeclaration' || node.type === 'ClassBody';
  const ownBelow = ownThis && (depth === 0 || !bindsThis);
  for (const child of childNodes(node)) visit(child, ownBelow, see, depth + 1);
}

/** The variables that hold the flow: `const self = this`, and copies of those. */
function findAliases(root: AnyNode): ReadonlySet<string> {
  const aliases = new Set<string>();
  for (let known = -1; known !== aliases.size;) {
    known = aliases.size;
    visit(root, true, (node, ownThis) => {
      const [variable, value] =
        node.type === 'VariableDeclarator'
          ? [node.id, node.init]
          : node.type === 'AssignmentExpression'
            ? [node.left, node.right]
            : [];
      if (variable?.type === 'Identifier' && isFlow(value, aliases, ownThis)) aliases.add(variable.name);
    });
  }
  return aliases;
}

/** `x` of `this.x` and `this['x']`. */
function memberOfFlow(node: AnyNode, aliases: ReadonlySet<string>, ownThis: boolean): string | undefined {
  const member = node.type === 'ChainExpression' ? node.expression : node;
  if (member.type !== 'MemberExpression' || !isFlow(member.object, aliases, ownThis)) return undefined;
  const { property, computed } = member;
  if (!computed) return property.type === 'Identifier' ? property.name : undefined;
  return property.type === 'Literal' && typeof property.value === 'string' ? property.value : undefined;
}

function isFlow(node: AnyNode | null | undefined, aliases: ReadonlySet<string>, ownThis: boolean): boolean {
  switch (node?.type) {
    case 'ThisExpression':
    case 'Super':
      return ownThis;
    case 'Identifier':
      return aliases.has(node.name);
    default:
      return false;
  }
}
