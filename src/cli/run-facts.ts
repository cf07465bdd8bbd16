import type { Run } from '../client/run.ts';

/** A run as `--json` prints it. What is not there is `null`; times are ISO 8601 in UTC. */
export interface RunFacts {
  readonly pathspec: string;
  readonly flow: string;
  readonly id: string;
  readonly kind: Run['kind'];
  readonly status: Run['status'];
  readonly reason: Run['reason'] | null;
  readonly createdAt: string;
  readonly finishedAt: string | null;
  readonly user: string;
  readonly tags: readonly string[];
  readonly systemTags: readonly string[];
  readonly originRunId: string | null;
}

/** What `--json` says of a run wherever it names one. */
export function runFacts(run: Run): RunFacts {
  const { pathspec, flowName, id, kind, status, reason, createdAt, finishedAt, user, userTags, systemTags } = run;
  return {
    pathspec,
    flow: flowName,
    id,
    kind,
    status,
    reason: reason ?? null,
    createdAt: createdAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
    user,
    tags: userTags,
    systemTags,
    originRunId: run.originRunId ?? null,
  };
}

/** How long it took, or has taken so far. */
export function durationMs({ createdAt, finishedAt }: { createdAt: Date; finishedAt: Date | undefined }): number {
  return (finishedAt?.getTime() ?? Date.now()) - createdAt.getTime();
}
