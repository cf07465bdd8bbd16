/**
 * The time as one run records it. Somebody may set the clock of the machine back while the run goes on: nothing in it ends
 * before it began all the same, no heartbeat is older than the one before, and what takes a second takes a second. When the
 * clock goes forward, as it does when the machine wakes, so does this one.
 */
export class RunClock {
  #timeMs = Date.now();
  #seenMs = performance.now();

  /** Milliseconds since the epoch, and never less than before. */
  now(): number {
    const [wallMs, seenMs] = [Date.now(), performance.now()];
    if (wallMs >= this.#timeMs) this.#timeMs = wallMs;
    else this.#timeMs += seenMs - this.#seenMs;
    this.#seenMs = seenMs;
    return Math.floor(this.#timeMs);
  }
}
