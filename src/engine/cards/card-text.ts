import { stripVTControlCharacters } from 'node:util';
import { SecretMask } from '../secret-mask.ts';
import { escapeHtml } from './escape-html.ts';

/** Texts and bytes on their way into a card: secrets are hidden before anything is escaped or cut. */
export class CardText {
  readonly #mask: SecretMask;

  constructor(secrets: readonly string[]) {
    this.#mask = new SecretMask(secrets);
  }

  /** For what is not HTML yet. */
  plain(text: string): string {
    return this.#mask.text(stripVTControlCharacters(text));
  }

  /** As HTML, in a text or in an attribute. */
  html(text: string): string {
    return escapeHtml(this.plain(text));
  }

  /** The same, for the beginning of a text. */
  short(text: string, maxLength: number): string {
    const plain = this.plain(text);
    return escapeHtml(plain.length <= maxLength ? plain : `${plain.slice(0, maxLength)}…`);
  }

  bytes(bytes: Uint8Array): Buffer {
    const masked = Buffer.from(bytes);
    for (const { start, length } of this.#mask.find(masked)) masked.fill('*', start, start + length);
    return masked;
  }
}
