/**
 * What a terminal, or the eye, takes for more than a character: control characters (C0, DEL, C1), those that turn the
 * direction of the text, and separators of lines that not everything knows as such.
 */
const HARMFUL = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb]/gu;

const SHORT: Readonly<Record<string, string>> = { '\b': '\\b', '\t': '\\t', '\n': '\\n', '\f': '\\f', '\r': '\\r' };

/**
 * Text from a store, a flow, a log or a command line as it can be shown on a terminal: what would move the cursor, change a
 * colour, set a title or turn the direction of the text is written out instead, as in `\x1b` or `\u202e`.
 *
 * @param keep characters that do no harm in this place, such as `'\t\n'`. @default none
 *
 * @example
 * harmless('a\x1b[2Jb'); // 'a\\x1b[2Jb'
 */
export function harmless(text: string, keep = ''): string {
  return text.replace(HARMFUL, (character) => (keep.includes(character) ? character : written(character)));
}

/** Colours and weights of text (SGR), which is all that a log may do to a terminal. */
const STYLE = /\x1b\[[\d;:]*m/;
const STYLES = new RegExp(`(${STYLE.source})`);

/**
 * A line of a log as it can be shown on a terminal: harmless but for its colours, which end with it.
 *
 * @param options.withStyles whether the colours stay; else they are left out
 */
export function harmlessLine(line: string, { withStyles }: { readonly withStyles: boolean }): string {
  if (!line.includes('\x1b')) return harmless(line, '\t');
  const pieces = line.split(STYLES); // every second one is a style and nothing else
  if (pieces.length === 1) return harmless(line, '\t');
  const shown = pieces.map((piece, index) => (index % 2 === 0 ? harmless(piece, '\t') : withStyles ? piece : ''));
  return `${shown.join('')}${withStyles ? '\x1b[0m' : ''}`;
}

/**
 * JSON text as it can be shown on a terminal, and is still the same JSON: such characters only stand in strings, where they
 * can be escaped.
 */
export function harmlessJson(value: unknown): string {
  return JSON.stringify(value).replace(HARMFUL, (character) => `\\u${hex(character, 4)}`);
}

function written(character: string): string {
  return SHORT[character] ?? (character < '\u0100' ? `\\x${hex(character, 2)}` : `\\u${hex(character, 4)}`);
}

function hex(character: string, digits: number): string {
  return character.charCodeAt(0).toString(16).padStart(digits, '0');
}
