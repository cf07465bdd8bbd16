import { Guardian } from '../process/guardian.ts';

let shared: { readonly guardian: Guardian; users: number } | undefined;

/** A share in the one guardian that all runners of this process have. */
export interface GuardianShare extends AsyncDisposable {
  readonly guardian: Guardian;
}

/**
 * Takes a share in the guardian, which is there as long as somebody has one: one `sh` for any number of runners. A share
 * that is never given back costs nothing, since the guardian keeps no process alive.
 */
export function shareGuardian(): GuardianShare {
  shared ??= { guardian: new Guardian(), users: 0 };
  const own = shared;
  own.users++;
  let given = false;
  return {
    guardian: own.guardian,
    async [Symbol.asyncDispose]() {
      if (given) return;
      given = true;
      if (--own.users > 0) return;
      shared = undefined;
      await own.guardian.close();
    },
  };
}
