/**
 * How often a property is tried: as often as it says, or, for a long run, that many times as often as `RACEWAY_FUZZ` says.
 *
 * @example
 * fc.assert(property, many(100)); // RACEWAY_FUZZ=50 npx vitest run test/security
 */
export function many(runs: number): { readonly numRuns: number; readonly endOnFailure: true } {
  return { numRuns: runs * FACTOR, endOnFailure: true };
}

const FACTOR = Number(process.env['RACEWAY_FUZZ'] ?? '1');

/** How long a test may take that tries `many`, in milliseconds. */
export const MANY_MS = 30_000 * FACTOR;
