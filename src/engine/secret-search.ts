import { RacewayError } from '../core/errors.ts';
import { secretForms } from './secret-forms.ts';

/** Finds secrets of four characters or more in what is about to be stored. */
export class SecretSearch {
  readonly #secrets: readonly Buffer[];

  constructor(secrets: readonly string[]) {
    this.#secrets = [...new Set(secrets.flatMap(secretForms))].map((form) => Buffer.from(form));
  }

  /** @throws {RacewayError} `ARTIFACT` when a secret stands in one of the parts */
  refuse(what: string, parts: readonly Uint8Array[]): void {
    if (this.#secrets.length === 0) return;
    const isThere = parts.some((part) => {
      const bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
      return this.#secrets.some((secret) => bytes.includes(secret));
    });
    if (!isThere) return;
    throw new RacewayError(
      'ARTIFACT',
      `${what} cannot be stored: it holds a secret`,
      'Keep the secret in a variable or a #private field, and store what is made with it.',
    );
  }
}
