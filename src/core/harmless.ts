/**
 * What a terminal, or the eye, takes for more than a character: control characters (C0, DEL, C1), those that turn the
 * direction of the text, and separators of lines that not everything knows as such.
 */
const HARMFUL = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb]/gu;

const ESCAPE = '\x1b';

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

/**
 * A line of a log as it can be shown on a terminal: harmless but for colours and weights of text (SGR), which end with it.
 *
 * @param options.withStyles whether those stay; else they are left out
 */
export function harmlessLine(line: string, { withStyles }: { readonly withStyles: boolean }): string {
  const [first = '', ...rest] = line.split(ESCAPE);
  let hasStyles = false;
  const shown = rest.map((piece) => {
    const style = /^\[[\d;:]*m/.exec(piece)?.[0];
    if (style === undefined) return harmless(ESCAPE + piece, '\t');
    hasStyles = withStyles;
    return `${withStyles ? ESCAPE + style : ''}${harmless(piece.slice(style.length), '\t')}`;
  });
  return `${harmless(first, '\t')}${shown.join('')}${hasStyles ? `${ESCAPE}[0m` : ''}`;
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
