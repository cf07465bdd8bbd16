import type { ConfigFormat } from './config.ts';

/** What became of the text of a configuration file. */
export type ParsedConfig =
  | { readonly kind: 'parsed'; readonly value: unknown }
  | {
      readonly kind: 'invalid';
      readonly expected: 'JSON' | 'YAML';
      /** What is wrong, in one line. */
      readonly message: string;
      /** From 1, where it is known. */
      readonly line: number | undefined;
      readonly column: number | undefined;
    };

/** Reads the text of a configuration file. */
export async function parseConfig(text: string, format: ConfigFormat): Promise<ParsedConfig> {
  return format === 'json' ? parseJson(text) : parseYaml(text);
}

function parseJson(text: string): ParsedConfig {
  try {
    return { kind: 'parsed', value: JSON.parse(text) as unknown };
  } catch (error) {
    const [message = ''] = (error as SyntaxError).message.split(/, "|\.\.\."| in JSON at position | at position /);
    const before = text.slice(0, errorOffset(text, error as SyntaxError)).split('\n');
    return {
      kind: 'invalid',
      expected: 'JSON',
      message,
      line: before.length,
      column: (before.at(-1) ?? '').length + 1,
    };
  }
}

/** V8 says where most mistakes are. For a token that it did not expect it does not, but every shorter text does without. */
function errorOffset(text: string, { message }: SyntaxError): number {
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return Number(position);
  if (!isUnexpectedToken(text)) return text.length; // it ends too early
  let [good, bad] = [0, text.length];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (isUnexpectedToken(text.slice(0, middle))) bad = middle;
    else good = middle;
  }
  return good;
}

function isUnexpectedToken(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch (error) {
    return (error as SyntaxError).message.startsWith('Unexpected token');
  }
}

async function parseYaml(text: string): Promise<ParsedConfig> {
  const { LineCounter, parseDocument } = await import('yaml');
  const lineCounter = new LineCounter();
  // Without warnings, such as of a tag that nobody knows, a value would be other than its author meant.
  const document = parseDocument(text, { lineCounter, prettyErrors: false, merge: true });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    const { line, col: column } = lineCounter.linePos(problem.pos[0]);
    return { kind: 'invalid', expected: 'YAML', message: problem.message, line, column };
  }
  try {
    return { kind: 'parsed', value: document.toJS() as unknown };
  } catch (error) {
    // Aliases that stand for more and more of each other.
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'invalid', expected: 'YAML', message, line: undefined, column: undefined };
  }
}
