import type { Injection } from './injection.ts';

/** Something that happens to programs that run for long. */
export interface Fault {
  /** What `--only` takes, and the name of the file. */
  readonly name: string;
  /** In words, for the table. */
  readonly title: string;
  /** How often it is injected. */
  readonly times: { readonly full: number; readonly bounded: number };
  /** How many injections may go on at once. @default the number of processors */
  readonly atOnce?: number;
  /**
   * Injects it once, in a place of its own, and checks what came of it with `injection.check` and `aftermath`. What it throws
   * is a failure, unless that is a `NotInjectable`.
   */
  strike(injection: Injection): Promise<void>;
}

/** This machine does not allow the fault: it is reported as not injected, never as survived. */
export class NotInjectable extends Error {
  static {
    this.prototype.name = 'NotInjectable';
  }
}
