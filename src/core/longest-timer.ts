/** The longest time that a timer of Node takes, in milliseconds: almost 25 days. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;
