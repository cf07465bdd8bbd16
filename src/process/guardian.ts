import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { uniqueId } from '../core/unique-id.ts';
import { GRACE_MS } from './groups.ts';

/** An environment variable by which the descendants of a process are found again, wherever they moved. */
export interface Mark {
  readonly name: string;
  readonly value: string;
}

/** What the names of all marks begin with. */
export const MARK_PREFIX = 'RACEWAY_MARK_';

/** A mark that nothing has yet. */
export function newMark(): Mark {
  return { name: `${MARK_PREFIX}${uniqueId()}`, value: '1' };
}

/**
 * Ends what this process started when this process ends, in whatever way: a small `sh` that is told the process groups
 * on its stdin and acts when that stream ends. It needs no cooperation from this process, which may be killed by
 * SIGKILL, nor from the groups, which may ignore SIGTERM.
 *
 * What carries the mark in its environment is ended too (Linux only), which finds descendants that left their group and
 * a child that was started but not yet watched. So give every child the mark, whatever its value, and make the guardian
 * before the first child.
 *
 * The guardian never keeps this process alive. Where there is no `sh` it does nothing.
 *
 * @example
 * const guardian = new Guardian();
 * const child = spawn('sleep', ['600'], { detached: true, env: { ...process.env, [guardian.mark.name]: '1' } });
 * guardian.watch(child.pid);
 * child.once('exit', () => guardian.release(child.pid));
 */
export class Guardian implements AsyncDisposable {
  /** The environment entry that every child must be given. Its name is unique to this guardian; any value will do. */
  readonly mark = newMark();
  readonly #graceMs: number;
  readonly #groups = new Set<number>();
  readonly #folders = new Set<string>();
  #shell: ChildProcess;
  /** Whether the shell could not be started for want of something that there may be later. */
  #isWanting = false;
  #closed: Promise<void> | undefined;
  #isDismissed = false;

  /** @param options.graceMs time between SIGTERM and SIGKILL in milliseconds, 0 or more; default 5000 */
  constructor({ graceMs = GRACE_MS }: { graceMs?: number } = {}) {
    if (!(graceMs >= 0)) throw new RangeError(`graceMs must be 0 or more, not ${graceMs}`);
    this.#graceMs = graceMs;
    this.#shell = this.#start();
  }

  /** Ends this group when this process ends. The order is with the guardian when the call returns. */
  watch(group: number): void {
    this.#groups.add(group);
    if (this.#isWanting || this.#isDismissed) this.#replace();
    else this.#tell(`+ ${group}\n`);
  }

  /** Forgets a group. Call it as soon as the group has ended, since its id will be used again. */
  release(group: number): void {
    if (this.#groups.delete(group)) this.#tell(`- ${group}\n`);
  }

  /** Removes this folder and what is in it when this process ends. */
  watchFolder(path: string): void {
    // The shell reads line by line, and would end a name with a line break at that.
    if (path.includes('\n')) return;
    this.#folders.add(path);
    if (this.#isDismissed) this.#replace();
    else this.#tell(`> ${path}\n`);
  }

  /** Forgets a folder. */
  releaseFolder(path: string): void {
    if (this.#folders.delete(path)) this.#tell(`< ${path}\n`);
  }

  /** Ends what is still watched or marked, as the end of this process would, and the guardian. Resolves when it is gone. */
  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  /**
   * Lets the guardian go at once and without a look around, which reads the environment of every process of the machine:
   * for an owner that has itself ended all it started. Does nothing while a group or a folder is still watched. What is watched
   * after it gets another.
   */
  dismiss(): void {
    if (this.#groups.size > 0 || this.#folders.size > 0 || this.#closed !== undefined) return;
    this.#isDismissed = true;
    this.#closed = Promise.resolve();
    this.#tell('!\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #start(): ChildProcess {
    // A session of its own, so that no Ctrl-C reaches it. An environment without any mark, or the guardian of whoever
    // started this process would take it for something to end.
    const shell = spawn(
      'sh',
      [
        '-c',
        SCRIPT,
        'raceway-guardian',
        `${this.mark.name}=`,
        String(Math.round(this.#graceMs / 10)),
        // One that takes the place of another has its orders from its first moment on: its owner may be struck down next.
        ['', ...this.#groups, ''].join(' '),
        ['', ...this.#folders, ''].join('\n'),
      ],
      {
        detached: true,
        stdio: ['pipe', 'ignore', 'ignore'],
        env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
      },
    );
    shell.unref();
    // A pipe to a child is a socket, whatever its type says.
    (shell.stdin as Socket | null)?.unref();
    shell.stdin?.on('error', () => {}); // it was killed; `exit` follows
    // There is no sh, or there is no process or descriptor left for it: then the next order is the occasion to try again.
    shell.on('error', ({ code }: NodeJS.ErrnoException) => (this.#isWanting = code !== 'ENOENT'));
    shell.once('exit', (_, signalCode) => {
      // Somebody struck it down. One that ended by itself could not live, and is not tried again.
      if (signalCode !== null && this.#closed === undefined && shell === this.#shell) this.#replace();
    });
    return shell;
  }

  #replace(): void {
    this.#isWanting = false;
    if (this.#isDismissed) this.#closed = undefined;
    this.#isDismissed = false;
    this.#shell = this.#start();
  }

  /** A write to the pipe of a child is tried at once by Node, so the line is out before this returns. */
  #tell(line: string): void {
    if (this.#shell.stdin?.writable === true) this.#shell.stdin.write(line);
  }

  async #end(): Promise<void> {
    for (;;) {
      const shell = this.#shell;
      if (shell.pid === undefined) return; // there is no sh
      if (shell.exitCode === null && shell.signalCode === null) {
        shell.ref();
        const exited = once(shell, 'exit');
        shell.stdin?.end('.\n');
        await exited;
      }
      if (shell.signalCode === null) return;
      this.#replace(); // it was struck down before it had done its work
    }
  }
}

// $1 is the mark with its equals sign, $2 the grace in hundredths of a second; $3 and $4 are the groups and the folders
// so far, between spaces and line breaks. Signals are ignored so that whoever ends
// this tree with SIGTERM leaves the guardian to its work. Everything inside the loops is built into the shell, apart
// from grep (a shell cannot read the zero bytes between the entries of an environment) and sleep.
const SCRIPT = `
trap '' TERM INT HUP QUIT PIPE
cd /
mark=$1 grace=$2 groups=$3 folders=$4 is_closed=
newline='
'

while read -r sign name; do
  case $sign in
    +) groups="$groups$name " ;;
    -) case $groups in *" $name "*) groups="\${groups%%" $name "*} \${groups#*" $name "}" ;; esac ;;
    '>') folders="$folders$name$newline" ;;
    '<') case $folders in
        *"$newline$name$newline"*)
          folders="\${folders%%"$newline$name$newline"*}$newline\${folders#*"$newline$name$newline"}" ;;
      esac ;;
    .) is_closed=yes ;;
    '!') exit 0 ;;
  esac
done

remove_folders() {
  set -f
  IFS=$newline
  for folder in $folders; do
    case $folder in /*) rm -rf -- "$folder" ;; esac
  done
}
trap remove_folders EXIT

# Sets now to hundredths of a second.
now=0
look_at_clock() {
  if read -r up rest </proc/uptime; then now=\${up%.*}\${up#*.}; else now=$((now + 5)); fi
}

# Sets state, ppid, pgid and start of process $1; the name before them may hold anything.
look_at() {
  state=Z ppid=0 pgid=0 start=0
  read -r line <"/proc/$1/stat" || return 0
  set -- \${line##*) }
  state=$1 ppid=$2 pgid=$3 start=\${20}
}

# Sets left to what is still there, groups as negative numbers. Members that have ended and that nobody reaps keep a
# group in being for ever, so they do not count. Who was once seen below a member stays known, whatever it does.
known=' ' rest=
look() {
  left=
  if ! [ -r /proc/uptime ]; then
    for group in $groups; do kill -s 0 -- "-$group" && left="$left -$group"; done
    return 0
  fi
  marked=' '
  for file in $(grep -lsF -e "$mark" /proc/[0-9]*/environ); do
    pid=\${file#/proc/}
    marked="$marked\${pid%/environ} "
  done
  case "$groups$marked$known" in *[0-9]*) ;; *) return 0 ;; esac
  tree=' ' others=
  for folder in /proc/[0-9]*; do
    pid=\${folder#/proc/}
    look_at "$pid"
    case $state in Z|X|x) continue ;; esac
    case $groups in *" $pgid "*)
      tree="$tree$pid "
      case "$left " in *" -$pgid "*) ;; *) left="$left -$pgid" ;; esac
      continue ;;
    esac
    case "$marked$known" in *" $pid "*|*" $pid:$start "*)
      tree="$tree$pid "
      left="$left $pid"
      continue ;;
    esac
    others="$others $pid:$ppid:$start"
  done
  until [ "$others" = "$rest" ]; do
    rest=$others others=
    for entry in $rest; do
      start=\${entry##*:} pid=\${entry%%:*} ppid=\${entry#*:}
      case $tree in
        *" \${ppid%:*} "*) tree="$tree$pid " left="$left $pid" known="$known$pid:$start " ;;
        *) others="$others $entry" ;;
      esac
    done
  done
  rest=
}

send() {
  for target in $left; do kill -s "$1" -- "$target"; done
}

# The groups first, so that whoever leads one knows why those end that it started elsewhere.
warn() {
  for target in $left; do
    case $1$target in groups-*|others[0-9]*) kill -s TERM -- "$target" ;; esac
  done
}

look
# What was started an instant before the owner died may not show its environment yet.
case $left$is_closed in '') sleep 0.005; look ;; esac
[ -n "$left" ] || exit 0
warn groups
case $left in *' -'*) sleep 0.01; look ;; esac
warn others
look_at_clock
deadline=$((now + grace))
pause=0.01
while [ "$now" -lt "$deadline" ]; do
  sleep "$pause"
  look
  [ -n "$left" ] || exit 0
  # Soon at first: what gives in does so within milliseconds.
  case $pause in 0.01) pause=0.02 ;; *) pause=0.05 ;; esac
  look_at_clock
done

# More than once, because what is being ended may be starting others.
for round in 1 2 3 4 5 6 7 8 9 10; do
  send KILL
  sleep 0.05
  look
  [ -n "$left" ] || exit 0
done
`;
