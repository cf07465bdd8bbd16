import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { formatCommand } from '../../src/core/format-command.ts';

const COMMAND = [process.execPath, fileURLToPath(new URL('../../dist/cli.js', import.meta.url))];

/** What a call of the built command did. */
export interface Called {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A call that has not ended. */
export interface Calling {
  readonly child: ChildProcess;
  readonly called: Promise<Called>;
  /** What it printed to stdout so far. */
  stdout(): string;
  /** The same of stderr. */
  stderr(): string;
}

export interface CallOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** What is typed on the terminal. @default nothing, and the end of the input */
  readonly input?: string;
  /** Whether stdout and stderr are a terminal, and both come out as stdout. @default false */
  readonly onTerminal?: boolean;
}

/** Calls `raceway` to its end. */
export function raceway(args: readonly string[], options?: CallOptions): Promise<Called> {
  return startRaceway(args, options).called;
}

/** Starts `raceway`. */
export function startRaceway(
  args: readonly string[],
  { cwd, env = {}, input, onTerminal = false }: CallOptions = {},
): Calling {
  const direct = [...COMMAND, ...args];
  const [file = '', ...rest] = onTerminal ? ['script', '-qec', formatCommand(direct), '/dev/null'] : direct;
  const child = spawn(file, rest, {
    cwd,
    env: {
      ...process.env,
      FORCE_COLOR: undefined,
      CI: undefined, // Node shows no colours where it is set
      NO_COLOR: undefined,
      RACEWAY_HOME: undefined,
      TERM: 'xterm-256color',
      ...env,
    },
    stdio: 'pipe',
  });
  child.stdin.on('error', () => {}); // it may end without reading
  if (input === undefined) child.stdin.end();
  else child.stdin.write(input); // the terminal stays
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const called = once(child, 'close').then(([status, signal]) => ({
    status: status as number | null,
    signal: signal as NodeJS.Signals | null,
    stdout,
    stderr,
  }));
  return { child, called, stdout: () => stdout, stderr: () => stderr };
}

/** What was printed with `--json`, which must be one JSON object a line. */
export function jsonLines(text: string): readonly unknown[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}
