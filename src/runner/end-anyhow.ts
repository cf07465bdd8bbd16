import { setTimeout } from 'node:timers/promises';
import { RacewayError } from '../core/errors.ts';
import { cannotLook } from '../process/look.ts';

/** How long to wait until it is tried once more, in milliseconds. */
const AGAIN_MS = 250;

/**
 * Ends processes for when nobody waits for that or could be told: tries again until this process can see what became of them.
 * What is on another machine is left alone, since nothing can be done about it from here.
 *
 * @param options.isGone whether there is nothing to try again for
 */
export async function endAnyhow(
  end: () => Promise<void>,
  { isGone = () => false }: { readonly isGone?: () => boolean } = {},
): Promise<void> {
  for (;;) {
    try {
      await end();
      return;
    } catch (error) {
      const code = error instanceof RacewayError ? error.code : undefined;
      if (isGone() || code === 'OTHER_MACHINE') return;
      if (code !== 'UNSEEN' && !cannotLook(error)) throw error;
      await setTimeout(AGAIN_MS);
    }
  }
}
