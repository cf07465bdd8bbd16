import { inspect } from 'node:util';
import { secretForms } from './secret-forms.ts';

/** Where some bytes are. */
export interface ByteRange {
  readonly start: number;
  readonly length: number;
}

/**
 * Finds secrets of four characters or more, and the lines of those of several, in what is to be shown or kept, and puts
 * `*` in their place: as many, so that nothing else moves.
 */
export class SecretMask {
  /** Longest first, so that a secret that is part of another does not spoil it. */
  readonly #parts: readonly string[];
  readonly #bytes: readonly Buffer[];
  /** The length of the longest, in bytes. */
  readonly longestBytes: number;

  constructor(secrets: readonly string[]) {
    const parts = new Set(secrets.flatMap((secret) => [secret, ...linesOf(secret)]).flatMap(secretForms));
    this.#parts = [...parts].toSorted((one, other) => other.length - one.length);
    this.#bytes = this.#parts.map((part) => Buffer.from(part));
    this.longestBytes = Math.max(0, ...this.#bytes.map(({ byteLength }) => byteLength));
  }

  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }

  /** Takes anything: the name and the message of an error that was thrown need not be strings. */
  text(given: unknown): string {
    const text = typeof given === 'string' ? given : inspect(given);
    return this.#parts.reduce((masked, part) => masked.replaceAll(part, '*'.repeat(part.length)), text);
  }

  /** Every place in `bytes` where a secret stands. */
  find(bytes: Buffer): readonly ByteRange[] {
    const ranges: ByteRange[] = [];
    for (const part of this.#bytes) {
      for (let start = bytes.indexOf(part); start !== -1; start = bytes.indexOf(part, start + part.byteLength)) {
        ranges.push({ start, length: part.byteLength });
      }
    }
    return ranges;
  }
}

function linesOf(secret: string): readonly string[] {
  const lines = secret.split(/\r?\n/);
  return lines.length === 1 ? [] : lines.map((line) => line.trim());
}
