import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { GRACE_MS } from './groups.ts';

/** An environment variable by which the descendants of a process are found again, wherever they moved. */
export interface Mark {
  readonly name: string;
  readonly value: string;
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
  readonly mark: Mark = { name: `RACEWAY_MARK_${randomBytes(8).toString('hex')}`, value: '1' };
  readonly #graceMs: number;
  readonly #groups = new Set<number>();
  #shell: ChildProcess;
  #closed: Promise<void> | undefined;

  /** @param options.graceMs time between SIGTERM and SIGKILL in milliseconds, 0 or more; default 5000 */
  constructor({ graceMs = GRACE_MS }: { graceMs?: number } = {}) {
    if (!(graceMs >= 0)) throw new RangeError(`graceMs must be 0 or more, not ${graceMs}`);
    this.#graceMs = graceMs;
    this.#shell = this.#start();
  }

  /** Ends this group when this process ends. The order is with the guardian when the call returns. */
  watch(group: number): void {
    this.#groups.add(group);
    this.#tell(`+ ${group}\n`);
  }

  /** Forgets a group. Call it as soon as the group has ended, since its id will be used again. */
  release(group: number): void {
    if (this.#groups.delete(group)) this.#tell(`- ${group}\n`);
  }

  /** Ends what is still watched or marked, as the end of this process would, and the guardian. Resolves when it is gone. */
  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #start(): ChildProcess {
    const startedAt = performance.now();
    // A session of its own, so that no Ctrl-C reaches it. An environment without any mark, or the guardian of whoever
    // started this process would take it for something to end.
    const shell = spawn(
      'sh',
      ['-c', SCRIPT, 'raceway-guardian', `${this.mark.name}=`, String(Math.round(this.#graceMs / 10))],
      {
        detached: true,
        stdio: ['pipe', 'ignore', 'ignore'],
        env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
      },
    );
    shell.unref();
    // Every child of Node has a socket for stdin; `unref` keeps it from keeping this process alive.
    if (shell.stdin !== null && 'unref' in shell.stdin && typeof shell.stdin.unref === 'function') shell.stdin.unref();
    shell.stdin?.on('error', () => {}); // it was killed; `exit` follows
    shell.on('error', () => {}); // there is no sh
    shell.once('exit', () => {
      // Somebody ended it. One that cannot live is not tried again.
      if (this.#closed === undefined && performance.now() - startedAt > 100) {
        this.#shell = this.#start();
        for (const group of this.#groups) this.#tell(`+ ${group}\n`);
      }
    });
    return shell;
  }

  /** A write to the pipe of a child is tried at once by Node, so the line is out before this returns. */
  #tell(line: string): void {
    if (this.#closed === undefined && this.#shell.stdin?.writable === true) this.#shell.stdin.write(line);
  }

  async #end(): Promise<void> {
    const shell = this.#shell;
    if (shell.pid === undefined || shell.exitCode !== null || shell.signalCode !== null) return;
    shell.ref();
    const exited = once(shell, 'exit');
    shell.stdin?.end();
    await exited;
  }
}

// $1 is the mark with its equals sign, $2 the grace in hundredths of a second. Signals are ignored so that whoever ends
// this tree with SIGTERM leaves the guardian to its work. Everything inside the loops is built into the shell, apart
// from grep (a shell cannot read the zero bytes between the entries of an environment) and sleep.
const SCRIPT = `
trap '' TERM INT HUP QUIT PIPE
cd /
mark=$1 grace=$2 groups=' '

while read -r sign group; do
  case $sign in
    +) groups="$groups$group " ;;
    -) case $groups in *" $group "*) groups="\${groups%%" $group "*} \${groups#*" $group "}" ;; esac ;;
  esac
done

# Sets now to hundredths of a second.
now=0
look_at_clock() {
  if read -r up rest </proc/uptime; then now=\${up%.*}\${up#*.}; else now=$((now + 5)); fi
}

# Sets state and pgid of process $1.
look_at() {
  state=Z pgid=0
  read -r line <"/proc/$1/stat" || return 0
  set -- \${line##*) }
  state=$1 pgid=$3
}

# Ended members that nobody reaps keep a group in being for ever, so they must not count.
has_live_member() {
  [ -r /proc/uptime ] || return 0
  for folder in /proc/[0-9]*; do
    look_at "\${folder#/proc/}"
    case $state in Z|X|x) continue ;; esac
    [ "$pgid" = "$1" ] && return 0
  done
  return 1
}

# Sets left to what is still there: groups as negative numbers, and marked processes of no such group.
look() {
  left=
  for group in $groups; do
    kill -s 0 -- "-$group" && has_live_member "$group" && left="$left -$group"
  done
  [ -r /proc/uptime ] || return 0
  for file in $(grep -lsF -e "$mark" /proc/[0-9]*/environ); do
    pid=\${file#/proc/}
    pid=\${pid%/environ}
    look_at "$pid"
    case $state in Z|X|x) continue ;; esac
    case " $left " in *" -$pgid "*) ;; *) left="$left $pid" ;; esac
  done
}

send() {
  for target in $left; do kill -s "$1" -- "$target"; done
}

look
[ -n "$left" ] || exit 0
send TERM
look_at_clock
deadline=$((now + grace))
pause=0.01
while [ "$now" -lt "$deadline" ]; do
  sleep "$pause"
  look
  [ -n "$left" ] || exit 0
  pause=0.05
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
