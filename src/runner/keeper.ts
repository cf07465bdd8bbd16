import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessIdentity } from '../core/process-identity.ts';
import { MARK_PREFIX, type Mark } from '../process/guardian.ts';

/**
 * The keeper of a detached run: a small `sh`, the child of nobody, that waits for the run's process and writes down how it
 * ended. Nothing of it hangs on the script that started the run, not even by way of the tree of processes.
 */
export interface Keeper {
  /** What it executes. */
  readonly command: readonly string[];
  readonly identity: ProcessIdentity;
  /** The process group that it and the run's process are in; the leader of the group has ended. */
  readonly group: number;
  /** The environment entry of the run's process and its descendants. */
  readonly mark: Mark;
}

/** The program and the arguments in front of the command that start a keeper and end at once. */
export function keeperLauncher({ folder, cwd }: { readonly folder: string; readonly cwd: string }): readonly string[] {
  return ['sh', '-c', SCRIPT, 'raceway-keeper', folder, cwd];
}

// The folder gets another name while this goes on, so everything in it is named relative to it. What the keeper does about
// signals is not inherited by the command, but that SIGINT and SIGQUIT are ignored is, as of everything in the background.
const SCRIPT = `
cd -- "$1" || exit
cwd=$2
shift 2
(
  trap : TERM HUP
  (cd -- "$cwd" && exec "$@")
  status=$?
  umask 077
  rm -f parameters.json artifacts.json arguments.json
  echo "$status" >exit.new && mv -f exit.new exit
) &
umask 077
echo "$!" >keeper
`;

/** The pid that the launcher has written. @throws when it has not */
export function keeperPid(folder: string): number {
  const text = readFileSync(join(folder, 'keeper'), 'utf8');
  const pid = Number(text);
  if (!/^[1-9]\d*\n$/.test(text)) throw new Error(`${join(folder, 'keeper')} holds no process id`);
  return pid;
}

/** Where the keeper writes the exit status of the command. */
export function exitFile(folder: string): string {
  return join(folder, 'exit');
}

/** Writes down where a detached run is to be found. */
export function writeKeeper(folder: string, keeper: Keeper): void {
  const file = keeperFile(folder);
  writeFileSync(`${file}.new`, JSON.stringify(keeper), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** What `writeKeeper` wrote; `undefined` when there is no such file, or it is none of raceway's making. */
export function readKeeper(folder: string): Keeper | undefined {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(keeperFile(folder), 'utf8'));
  } catch {
    return undefined; // whoever started the run was ended before it could be written
  }
  return isKeeper(content) ? content : undefined;
}

function keeperFile(folder: string): string {
  return join(folder, 'process.json');
}

function isKeeper(value: unknown): value is Keeper {
  if (typeof value !== 'object' || value === null) return false;
  const { command, identity, group, mark } = value as Record<string, unknown>;
  return (
    Array.isArray(command) &&
    command.every((part) => typeof part === 'string') &&
    isIdentity(identity) &&
    Number.isSafeInteger(group) &&
    Number(group) > 1 &&
    isMark(mark)
  );
}

function isIdentity(value: unknown): value is ProcessIdentity {
  if (typeof value !== 'object' || value === null) return false;
  const { host, bootId, pid, startTime } = value as Record<string, unknown>;
  return (
    [host, bootId, startTime].every((part) => typeof part === 'string') && Number.isSafeInteger(pid) && Number(pid) > 1
  );
}

/** Anything else would name processes that are none of the run's. */
function isMark(value: unknown): value is Mark {
  if (typeof value !== 'object' || value === null) return false;
  const { name, value: text } = value as Record<string, unknown>;
  return typeof name === 'string' && name.startsWith(MARK_PREFIX) && typeof text === 'string';
}
