/**
 * Loaded before a program: from then on its clock is ahead of that of the machine by the milliseconds that stand in the file
 * `CHAOS_CLOCK`, which may change at any time; whoever saw it change adds its pid to `CHAOS_CLOCK`-seen. Time that only goes on, as timers and `performance.now` have it, is left alone.
 */
import { appendFileSync, readFileSync } from 'node:fs';

const LOOK_MS = 1;
const MachineDate = Date;
let lookedMs = -Infinity;
let aheadMs = 0;
let hasStarted = false;

function now() {
  const nowMs = performance.now();
  if (nowMs - lookedMs >= LOOK_MS) {
    lookedMs = nowMs;
    try {
      const setMs = Number(readFileSync(process.env.CHAOS_CLOCK, 'utf8'));
      if (setMs !== aheadMs && hasStarted) appendFileSync(`${process.env.CHAOS_CLOCK}-seen`, `${process.pid}\n`);
      aheadMs = setMs;
    } catch {
      // nobody has set it yet
    }
  }
  return MachineDate.now() + aheadMs;
}

globalThis.Date = class extends MachineDate {
  constructor(...parts) {
    if (parts.length === 0) super(now());
    else super(...parts);
  }

  static now() {
    return now();
  }
};

// The time at which the process started is read from the clock then, and stays.
const timeOrigin = performance.timeOrigin + (now() - MachineDate.now());
Object.defineProperty(performance, 'timeOrigin', { get: () => timeOrigin });
hasStarted = true;
