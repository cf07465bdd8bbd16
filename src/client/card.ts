import { inspect } from 'node:util';
import { harmless } from '../core/harmless.ts';
import type { CardRecord } from '../store/run-store.ts';
import type { StoreLease } from './store-lease.ts';

/**
 * A report that is kept with a task.
 *
 * @example
 * for await (const card of task.cards()) await writeFile(`${card.id}.html`, await card.html());
 */
export class Card {
  /** Tells several cards of one task apart. */
  readonly id: string;
  /** What made it: `default` or `blank`. */
  readonly type: string;
  /** Of the HTML, in UTF-8. */
  readonly sizeBytes: number;
  /** Of the task: `Flow/run/step/task`. */
  readonly taskPathspec: string;
  readonly #lease: StoreLease;
  readonly #record: CardRecord;

  /** Made by a `Task`. */
  constructor(lease: StoreLease, taskPathspec: string, record: CardRecord) {
    this.#lease = lease;
    this.#record = record;
    this.taskPathspec = taskPathspec;
    this.id = record.id;
    this.type = record.type;
    this.sizeBytes = record.sizeBytes;
  }

  /**
   * Loads the report: one HTML document that needs nothing else.
   *
   * @throws {RacewayError} `ARTIFACT` when its content is gone or damaged
   */
  async html(): Promise<string> {
    return Buffer.from(await this.#lease.store.readBlob(this.#record)).toString();
  }

  [inspect.custom](): string {
    return harmless(`Card ${this.id} of ${this.taskPathspec} (${this.type}, ${this.sizeBytes} bytes)`);
  }
}
