import type { ExecutingRun } from '../runner/executing-run.ts';

/** Exit statuses that say which signal ended a program: 128 and its number. */
const SIGNAL_STATUS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

type SignalCode = keyof typeof SIGNAL_STATUS;

const SIGNAL_CODES = Object.keys(SIGNAL_STATUS) as readonly SignalCode[];

/** What signals to this process do to the run that it shows: the first one ends it, a second one without grace. */
export class Interrupts implements Disposable {
  /** The run, once it has started. */
  running: ExecutingRun | undefined;
  readonly #abort = new AbortController();
  #status: number | undefined;

  constructor() {
    for (const signalCode of SIGNAL_CODES) process.on(signalCode, this.#interrupt);
  }

  /** Aborted with the first signal. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The exit status that says which signal came, if one did. */
  get status(): number | undefined {
    return this.#status;
  }

  [Symbol.dispose](): void {
    for (const signalCode of SIGNAL_CODES) process.off(signalCode, this.#interrupt);
  }

  readonly #interrupt = (signalCode: SignalCode): void => {
    if (this.#status !== undefined) void this.running?.kill({ graceMs: 0 });
    this.#status ??= SIGNAL_STATUS[signalCode];
    this.#abort.abort();
  };
}
