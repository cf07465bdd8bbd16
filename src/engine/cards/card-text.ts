import { inspect, stripVTControlCharacters } from 'node:util';
import { SecretMask } from '../secret-mask.ts';

/** Texts and bytes on their way into a card: secrets are hidden before anything is escaped or cut. */
export class CardText {
  readonly #mask: SecretMask;

  constructor(secrets: readonly string[]) {
    this.#mask = new SecretMask(secrets.flatMap(formsOf));
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

/** As it is, as it stands in what was shown as a string of JavaScript or JSON, and as HTML that the author made. */
function formsOf(secret: string): readonly string[] {
  const shown = inspect(secret, { maxStringLength: Infinity, breakLength: Infinity });
  return [secret, shown.slice(1, -1), JSON.stringify(secret).slice(1, -1), escapeHtml(secret)];
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text as HTML that shows it. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
