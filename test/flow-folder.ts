import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type Home, openHome } from '../src/client/home.ts';
import * as authoring from '../src/flow.ts';
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

/** Seven lines before the source of the flow. Of `raceway/flow` only what the source names and does not import is imported. */
function preamble(source: string): string {
  const own = [...source.matchAll(/import \{([^}]*)\} from 'raceway\/flow'/g)].map(([, names]) => names).join();
  const isIn = (name: string, text: string): boolean => new RegExp(`\\b${name}\\b`).test(text);
  const isNamed = (name: string): boolean => name === 'main' || (isIn(name, source) && !isIn(name, own));
  const names = [...Object.keys(authoring).filter(isNamed), ...TYPES.filter(isNamed).map((name) => `type ${name}`)];
  return `
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ${names.join(', ')} } from 'raceway/flow';
import { isDeepStrictEqual } from 'node:util';
const trace = (name: string, text: string) => appendFileSync(new URL(name, import.meta.url), text + '\\n');
`;
}

const TYPES = ['CaughtError', 'Inputs'];

/**
 * Makes a project whose flow script holds `source`, without its types: a class called `Sample` and what it needs. It can use `trace(file,
 * text)`, which appends a line to a file of the folder, and what `node:child_process`, `node:fs` and `raceway/flow` give.
 */
export function flowFolder(source: string): FlowFolder {
  const folder = temporaryFolder();
  mkdirSync(folder.file('node_modules'));
  symlinkSync(fileURLToPath(new URL('..', import.meta.url)), folder.file('node_modules/raceway'));
  writeFileSync(folder.file('package.json'), '{ "type": "module" }');
  const script = folder.file('sample.js');
  // The types are stripped here, once: Node would load what does that for every process, which takes longer than most flows.
  const write = (text: string): void =>
    writeFileSync(
      script,
      stripTypeScriptTypes(`${preamble(text)}${text}\nif (import.meta.main) await main(Sample);\n`),
    );
  write(source);
  const start = (args: readonly string[], environment: NodeJS.ProcessEnv = {}): Started => {
    const child = spawn(process.execPath, ['sample.js', ...args], {
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
