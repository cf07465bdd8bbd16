import { styleText } from 'node:util';
import { harmless, harmlessJson, harmlessLine } from '../core/harmless.ts';
import { forCommandLine } from './for-command-line.ts';

/** Ways to make text stand out on a terminal. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Text that stands out where there are colours. */
export interface Styled {
  readonly style: Style;
  readonly text: string;
}

/** What was written is handed on when it is this long, in characters, or when there is nothing else to do. */
const BUFFER_LENGTH = 64 * 1024;

/** A piece of a line. */
export type Part = string | Styled;

/** How a command prints. */
export interface OutputOptions {
  /** One JSON object a line instead of text. */
  readonly isJson: boolean;
  /** Whether colours were not turned off. */
  readonly wantsColour: boolean;
}

/**
 * Through this every command prints. Whatever text it is given is made harmless for a terminal (`core/harmless.ts`), since any of it
 * may come from a store that somebody else wrote; only `Styled` parts bring escape sequences, its own.
 *
 * With `--json` stdout is for `json()` alone: `line`, `block` and `table` print nothing.
 */
export class Output {
  readonly isJson: boolean;
  /** Whether stdout shows colours. */
  readonly hasColour: boolean;
  /** Whether somebody looks at stderr, so that something may move there. */
  readonly isLive: boolean;
  readonly #left = new AbortController();
  #writeError: NodeJS.ErrnoException | undefined;
  #buffer: string[] = [];
  #bufferLength = 0;
  #bufferStream: 'stdout' | 'stderr' = 'stdout';

  constructor({ isJson, wantsColour }: OutputOptions) {
    this.isJson = isJson;
    this.hasColour = wantsColour && process.stdout.isTTY && process.stdout.hasColors();
    this.isLive = wantsColour && process.stderr.isTTY && process.env['TERM'] !== 'dumb';
    for (const stream of [process.stdout, process.stderr]) {
      stream.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EPIPE') this.#writeError ??= error;
        this.#left.abort();
      });
    }
  }

  /** Aborted when nothing can be printed any more: whoever read the output has left (`| head`), or its disk is full. */
  get left(): AbortSignal {
    return this.#left.signal;
  }

  /** Why nothing can be printed any more, unless its reader has left, which may do so. */
  get writeError(): Error | undefined {
    return this.#writeError;
  }

  /** Prints one line for people. */
  line(...parts: readonly Part[]): void {
    if (!this.isJson) this.#write('stdout', `${this.#render(parts)}\n`);
  }

  /** Prints text of several lines for people, each behind `indent`. */
  block(text: string, indent = ''): void {
    if (this.isJson) return;
    const lines = text.replace(/\n$/, '').split('\n');
    this.#write('stdout', lines.map((line) => `${indent}${harmless(line, '\t')}\n`).join(''));
  }

  /** Prints rows of cells under each other; the last cell of a row is not filled up. */
  table(rows: readonly (readonly Part[])[], indent = ''): void {
    if (this.isJson) return;
    const texts = rows.map((row) => row.map((cell) => harmless(textOf(cell))));
    const widths: number[] = [];
    for (const row of texts) {
      row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, widthOf(cell))));
    }
    const lines = rows.map((row, index) => {
      const cells = row.map((cell, column) => {
        const text = texts[index]?.[column] ?? '';
        const filling = column === row.length - 1 ? '' : ' '.repeat((widths[column] ?? 0) - widthOf(text));
        return this.#styled(cell, text) + filling;
      });
      return `${indent}${cells.join('  ').trimEnd()}\n`;
    });
    this.#write('stdout', lines.join(''));
  }

  /** Prints pieces with tabs between them, for a program to take apart. */
  fields(...texts: readonly string[]): void {
    this.#write('stdout', `${texts.map((text) => harmless(text)).join('\t')}\n`);
  }

  /** With `--json`, prints one object on a line of its own; else nothing. */
  json(value: object): void {
    if (this.isJson) this.#write('stdout', `${harmlessJson(value)}\n`);
  }

  /**
   * Prints a line of a log to the stream it was written to. On a terminal nothing of it but its colours is obeyed; elsewhere, as
   * in a file, it is what it was.
   */
  log(stream: 'stdout' | 'stderr', line: string, prefix: readonly Part[] = []): void {
    if (this.isJson) return;
    const { isTTY } = process[stream];
    const shown = isTTY ? harmlessLine(line, { withStyles: this.hasColour }) : line;
    this.#write(stream, `${this.#render(prefix, { isPlain: !isTTY })}${shown}\n`);
  }

  /** Prints a remark to stderr, which is no part of the result. */
  note(...parts: readonly string[]): void {
    this.#write('stderr', `${harmless(parts.join(''), '\t\n')}\n`);
  }

  /** Prints to stderr what could not be done and, on the next lines, what to do; with `--json` as an object. */
  error(text: string, code?: string): void {
    const message = forCommandLine(text);
    if (this.isJson) {
      const [first = '', ...rest] = message.split('\n');
      const error = { code, message: first, advice: rest.join('\n') };
      this.#write('stderr', `${harmlessJson({ error })}\n`);
      return;
    }
    this.note(`Error: ${message}`);
  }

  /** Hands on everything that was printed. */
  async flush(): Promise<void> {
    this.#handOn();
    await writtenOut(process.stdout);
    await writtenOut(process.stderr);
  }

  #write(stream: 'stdout' | 'stderr', text: string): void {
    if (stream !== this.#bufferStream) this.#handOn(); // so that all comes in the order in which it was printed
    this.#bufferStream = stream;
    if (this.#buffer.length === 0) setImmediate(() => this.#handOn());
    this.#buffer.push(text);
    this.#bufferLength += text.length;
    if (this.#bufferLength > BUFFER_LENGTH) this.#handOn();
  }

  #handOn(): void {
    if (this.#buffer.length > 0) process[this.#bufferStream].write(this.#buffer.join(''));
    this.#buffer = [];
    this.#bufferLength = 0;
  }

  #render(parts: readonly Part[], { isPlain = false }: { readonly isPlain?: boolean } = {}): string {
    return parts.map((part) => this.#styled(isPlain ? textOf(part) : part, harmless(textOf(part)))).join('');
  }

  #styled(part: Part, text: string): string {
    return typeof part === 'string' || !this.hasColour ? text : styleText(part.style, text, { validateStream: false });
  }
}

function textOf(part: Part): string {
  return typeof part === 'string' ? part : part.text;
}

const WIDE = /^[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]|\p{Emoji_Presentation}/u;

/** How many columns it takes on a terminal. */
function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

/** `process.exit` does not wait for a pipe. */
function writtenOut(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}
