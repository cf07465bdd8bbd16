/** Text in Markdown. */
export interface MarkdownComponent {
  readonly kind: 'markdown';
  readonly text: string;
}

/**
 * Text for a card: CommonMark, with tables and task lists. HTML in it is shown as it is written, and of links only those
 * to `http`, `https` and `mailto` work. A text that begins with a line break may be indented as the code around it is.
 *
 * @throws {TypeError} when `text` is no string
 *
 * @example
 * current.card.append(markdown(`# Training\n**${epochs}** epochs`));
 */
export function markdown(text: string): MarkdownComponent {
  if (typeof text !== 'string') {
    throw new TypeError(`markdown() takes a string and was given ${typeof text}\nShow other values with value().`);
  }
  return { kind: 'markdown', text: text.startsWith('\n') ? outdent(text) : text };
}

/** Markdown takes what is indented for code. */
function outdent(text: string): string {
  const lines = text.split('\n');
  const indents = lines.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length);
  const common = Math.min(...indents);
  return lines.map((line) => line.slice(common)).join('\n');
}
