import type { Run } from '../client/run.ts';
import type { Task } from '../client/task.ts';
import type { SecretParameter } from './describe-flow.ts';

/** Parameters that are secret, and whose values a run has not kept; by name. */
export interface UnkeptSecrets {
  /** They have to be given, or were. */
  readonly giveAgain: readonly string[];
  /** They need not be given; whether they were is not known. */
  readonly giveIfGiven: readonly string[];
}

/**
 * What has to be given again when a run is gone on with.
 *
 * @param declared as the flow script says; empty when it was not asked
 * @param task one of the run; what it read and the run has not kept is secret
 */
export function unkeptSecrets(
  run: Run,
  { declared, task }: { readonly declared: readonly SecretParameter[]; readonly task: Task | undefined },
): UnkeptSecrets {
  const required = declared.filter(({ isRequired }) => isRequired).map(({ name }) => name);
  const read = task?.parametersRead?.filter((name) => !Object.hasOwn(run.parameters, name)) ?? [];
  const wasGiven = new Set([...required, ...masked(run), ...(declared.length === 0 ? read : [])]);
  const optional = declared.map(({ name }) => name).filter((name) => !wasGiven.has(name));
  return { giveAgain: [...wasGiven], giveIfGiven: optional };
}

/** Those that the recorded command line gave. */
function masked(run: Run): readonly string[] {
  return run.command.flatMap((argument, index) => {
    const name = /^--([\w-]+)=\*\*\*$/.exec(argument)?.[1];
    const isMasked = name !== undefined || run.command[index + 1] === '***';
    return isMasked ? [name ?? argument.replace(/^--/, '')] : [];
  });
}
