import { createHash } from 'node:crypto';
import { parse, type AnyNode, type Options } from 'acorn';

/** The syntax of one function, as its own source text has it. */
export interface FunctionSource {
  readonly node: AnyNode;
  /** The text that the positions in `node` refer to. */
  readonly text: string;
}

const OPTIONS = {
  ecmaVersion: 'latest',
  sourceType: 'module',
  locations: true,
  checkPrivateFields: false, // they are declared in the class around the function
} as const satisfies Options;

/** What stands before a function to make a program of it: one line, whatever kind of function it is. */
const WRAPPED_LINES = 1;

/**
 * Parses the text that `Function.prototype.toString` gives, which is an expression or, for a method, a member of a class.
 * `undefined` when it is neither.
 */
export function parseFunction(source: string): FunctionSource | undefined {
  // Inside a class `super` and private names are allowed, as they were where the function comes from.
  const asField = `(class extends Object { _ =\n${source}\n})`;
  const asMember = `(class extends Object {\n${source}\n})`;
  return parseMember(asField) ?? parseMember(asMember);
}

/** Parses the text of a class. */
export function parseClass(source: string): AnyNode | undefined {
  return parseProgram(`(\n${source}\n)`);
}

/** How many lines below the first line of its function or class a node begins. */
export function lineOffset(node: AnyNode): number {
  return (node.loc?.start.line ?? 0) - 1 - WRAPPED_LINES;
}

/** Identifies what the code says: white space, comments, parentheses and the quotes of strings play no part. */
export function syntaxSha256(node: AnyNode | undefined): string {
  const text = node === undefined ? '' : JSON.stringify(node, withoutPositions);
  return createHash('sha256').update(text).digest('hex');
}

/** The nodes directly below a node. */
export function childNodes(node: AnyNode): readonly AnyNode[] {
  return Object.values(node).flat().filter(isNode);
}

function parseMember(text: string): FunctionSource | undefined {
  const node = parseProgram(text);
  if (node?.type !== 'ClassExpression') return undefined;
  const [member, another] = node.body.body;
  if (member === undefined || another !== undefined) return undefined;
  if (member.type !== 'PropertyDefinition' && member.type !== 'MethodDefinition') return undefined;
  const value = member.value;
  return value === null || value === undefined ? undefined : { node: value, text };
}

function parseProgram(text: string): AnyNode | undefined {
  try {
    const [statement] = parse(text, OPTIONS).body;
    return statement?.type === 'ExpressionStatement' ? statement.expression : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function withoutPositions(this: unknown, key: string, value: unknown): unknown {
  if (key === 'start' || key === 'end' || key === 'loc') return undefined;
  if (typeof value === 'bigint') return undefined; // `bigint` beside it says the same
  if (key === 'raw' && isNode(this)) return undefined; // of a literal; that of a template is no node's
  return value;
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
