import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { ProcessIdentity } from '../core/process-identity.ts';
import { look } from './look.ts';
import { parseStat } from './process-stat.ts';

/** Whether a process is still there; `elsewhere` means that only its own machine could tell. */
export type Presence = 'alive' | 'gone' | 'elsewhere';

let own: ProcessIdentity | undefined;

/** The identity of this process. */
export function ownIdentity(): ProcessIdentity {
  own ??= identityOf(process.pid);
  if (own === undefined)
    throw new Error(`could not read when process ${process.pid} started\nIs /proc or ps available?`);
  return own;
}

/** The identity of a process of this machine, or `undefined` when there is none with that pid (one that has ended counts as none). */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const startTime = startTimeOf(pid);
  return startTime === undefined ? undefined : { host: hostname(), bootId: bootId(), pid, startTime };
}

/**
 * Whether the process that `identity` was taken of is still there. Synchronous and cheap (30 µs on Linux). A process
 * that is stopped or asleep is alive; one that has ended and waits to be reaped is gone.
 *
 * @throws what the system says when this process cannot look at present, for want of a descriptor for one (`cannotLook`)
 *
 * @example
 * presence(run.process) === 'gone'; // nobody will finish that run
 */
export function presence(identity: ProcessIdentity): Presence {
  if (isElsewhere(identity)) return 'elsewhere';
  if (identity.bootId !== bootId()) return 'gone';
  return startTimeOf(identity.pid) === identity.startTime ? 'alive' : 'gone';
}

/** Whether only another machine could tell. This can be asked whatever this process is short of. */
export function isElsewhere({ host }: ProcessIdentity): boolean {
  return host !== hostname();
}

function startTimeOf(pid: number): string | undefined {
  if (bootId() === '') return startTimeFromPs(pid);
  const stat = parseStat(readProc(`/proc/${pid}/stat`) ?? ''); // none when there is no such process
  return stat === undefined || stat.ended ? undefined : stat.startTime;
}

let knownBootId: string | undefined;

/** Empty where there is no /proc: there the start time is a date, which no restart repeats. */
function bootId(): string {
  knownBootId ??= (readProc('/proc/sys/kernel/random/boot_id') ?? '').trim();
  return knownBootId;
}

function readProc(file: string): string | undefined {
  return look(() => readFileSync(file, 'latin1'));
}

function startTimeFromPs(pid: number): string | undefined {
  // ps exits with 1 when there is no such process
  const line = look(() =>
    execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  );
  const [, state, startTime] = /^(\S+)\s+(.+)$/.exec(line?.trim() ?? '') ?? [];
  return state === undefined || state.startsWith('Z') ? undefined : startTime;
}
