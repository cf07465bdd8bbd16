// Linux takes 128 kB for one argument and, with the default stack, 2 MB for all of them and the environment.
const LONGEST_ARGUMENT_BYTES = 100_000;
const LONGEST_SUM_BYTES = 500_000;

/** What of a command line is free for values; what finds no room has to travel in a file. */
export class ArgumentRoom {
  /** How long one argument may be. */
  static readonly longestBytes = LONGEST_ARGUMENT_BYTES;
  #takenBytes = 0;

  /** Takes the room for these arguments, all or none; answers whether they fit. */
  take(flags: readonly string[]): boolean {
    const sumBytes = flags.reduce((sum, flag) => sum + Buffer.byteLength(flag) + 1, 0);
    const fits =
      flags.every((flag) => Buffer.byteLength(flag) <= LONGEST_ARGUMENT_BYTES && !flag.includes('\0')) &&
      this.#takenBytes + sumBytes <= LONGEST_SUM_BYTES;
    if (fits) this.#takenBytes += sumBytes;
    return fits;
  }
}
