import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Home, openHome } from '../src/client/home.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** What a flow script did. */
export interface Finished {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A flow script that is running. */
export interface Started {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** What it wrote to stdout so far. */
  stdout(): string;
}

/** A user's project: a folder with the package installed, a flow script and a home. */
export interface FlowFolder extends Disposable {
  readonly path: string;
  readonly script: string;
  file(name: string): string;
  /** What the file holds, empty when it is not there: flows leave traces in files. */
  trace(name: string): string;
  /** Writes the flow script again. */
  write(source: string): void;
  /** Runs the script to its end. */
  run(args: readonly string[], environment?: NodeJS.ProcessEnv): Promise<Finished>;
  start(args: readonly string[], environment?: NodeJS.ProcessEnv): Started;
  home(): Promise<Home>;
}

const PREAMBLE = `
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  catchError, type CaughtError, current, defineDecorator, environment, FlowSpec, type Inputs, isolate, join, main, parameter,
  resources, retry, secrets, step, timeout,
} from 'raceway/flow';
const trace = (name: string, text: string) => appendFileSync(new URL(name, import.meta.url), text + '\\n');
`;

/**
 * Makes a project whose flow script holds `source`: a class called `Sample` and what it needs. It can use `trace(file,
 * text)`, which appends a line to a file of the folder, and what `node:child_process`, `node:fs` and `raceway/flow` give.
 */
export function flowFolder(source: string): FlowFolder {
  const folder = temporaryFolder();
  mkdirSync(folder.file('node_modules'));
  symlinkSync(fileURLToPath(new URL('..', import.meta.url)), folder.file('node_modules/raceway'));
  writeFileSync(folder.file('package.json'), '{ "type": "module" }');
  const script = folder.file('sample.ts');
  const write = (text: string): void =>
    writeFileSync(script, `${PREAMBLE}${text}\nif (import.meta.main) await main(Sample);\n`);
  write(source);
  const start = (args: readonly string[], environment: NodeJS.ProcessEnv = {}): Started => {
    const child = spawn(process.execPath, ['sample.ts', ...args], {
      cwd: folder.path,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const finished = once(child, 'close').then(([status, signal]) => ({
      status: status as number | null,
      signal: signal as NodeJS.Signals | null,
      stdout,
      stderr,
    }));
    return { child, finished, stdout: () => stdout };
  };
  return {
    path: folder.path,
    script,
    file: folder.file,
    trace: (name) => (readdirSync(folder.path).includes(name) ? readFileSync(folder.file(name), 'utf8') : ''),
    write,
    run: (args, environment) => start(args, environment).finished,
    start,
    home: () => openHome({ home: folder.file('.raceway') }),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}
