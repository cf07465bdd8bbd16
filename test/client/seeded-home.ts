import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Home, openHome } from '../../src/client/home.ts';
import type { ProcessIdentity } from '../../src/core/process-identity.ts';
import { identityOf, ownIdentity } from '../../src/process/identity.ts';
import { prepareBlob } from '../../src/store/artifact-files.ts';
import { encodeText, encodeValue } from '../../src/store/encoding.ts';
import { logFile } from '../../src/store/home-folder.ts';
import type { AttemptResult, BlobOwner, NewRun, NewTask, RunStore, RunWriter } from '../../src/store/run-store.ts';
import { openSqliteStore } from '../../src/store/sqlite-store.ts';

/** A home in a temporary folder, with the writing side that a run process has. */
export class SeededHome implements AsyncDisposable {
  readonly path: string;
  readonly store: RunStore;
  readonly home: Home;

  private constructor(path: string, store: RunStore, home: Home) {
    this.path = path;
    this.store = store;
    this.home = home;
  }

  static async make(): Promise<SeededHome> {
    const path = await mkdtemp(join(tmpdir(), 'raceway-client-'));
    const store = openSqliteStore(path, { access: 'write' });
    return new SeededHome(path, store, await openHome(path));
  }

  /** A run of a process that is there: this one. */
  async run(facts: Partial<NewRun> & { values?: Record<string, unknown> } = {}): Promise<SeededRun> {
    const { values = {}, ...rest } = facts;
    const text = encodeText(values);
    if (text.kind === 'refused') throw new Error(text.what);
    const writer = await this.store.createRun({
      flow: 'TrainFlow',
      user: 'ada',
      userTags: [],
      systemTags: ['user:ada'],
      parameters: text.text,
      command: ['node', 'flows/train.ts', 'run'],
      process: ownIdentity(),
      ...rest,
    });
    return new SeededRun(this.path, writer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.home.close();
    await this.store.close();
    await rm(this.path, { recursive: true });
  }
}

/** A run in the hands of its run process. */
export class SeededRun {
  readonly writer: RunWriter;
  readonly pathspec: string;
  readonly #home: string;

  constructor(home: string, writer: RunWriter) {
    this.#home = home;
    this.writer = writer;
    this.pathspec = `${writer.flow}/${writer.runId}`;
  }

  get #owner(): BlobOwner {
    return { home: this.#home, flow: this.writer.flow, runId: this.writer.runId };
  }

  get id(): string {
    return this.writer.runId;
  }

  /** Starts a task; returns its id. */
  async start(step: string, facts: Partial<NewTask> = {}): Promise<string> {
    return this.writer.startTask({ step, sourceSha256: 'a', parentIds: [], frames: [], ...facts }, 4711);
  }

  /** Ends an attempt, successfully unless `result` says otherwise. */
  async finish(
    taskId: string,
    { values = {}, ...result }: { values?: Record<string, unknown> } & Partial<AttemptResult> = {},
  ): Promise<void> {
    const stored = Object.entries(values).map(([name, value]) => {
      const encoded = encodeValue(value);
      if (encoded.kind === 'refused') throw new Error(encoded.what);
      return { name, type: encoded.type, blob: prepareBlob(this.#owner, encoded.parts) };
    });
    await this.writer.finishAttempt({
      taskId,
      attempt: 0,
      state: { status: 'successful' },
      artifacts: stored.map(({ name, type, blob }) => ({ name, type, sha256: blob.sha256, sizeBytes: blob.sizeBytes })),
      blobs: stored.map(({ blob }) => blob),
      ...result,
    });
  }

  /** A task from start to end; returns its id. */
  async task(step: string, values: Record<string, unknown> = {}, facts: Partial<NewTask> = {}): Promise<string> {
    const id = await this.start(step, facts);
    await this.finish(id, { values });
    return id;
  }

  async fail(taskId: string, message: string, attempt = 0): Promise<void> {
    await this.finish(taskId, {
      attempt,
      state: { status: 'failed', reason: { kind: 'exception', message } },
      exception: { name: 'Error', message, stack: `Error: ${message}\n    at start (train.ts:3:1)` },
    });
  }

  /** Writes a log; returns its file. */
  async log(
    taskId: string,
    text: string,
    { attempt = 0, stream = 'stdout' }: { attempt?: number; stream?: 'stdout' | 'stderr' } = {},
  ): Promise<string> {
    const { flow, runId } = this.writer;
    const file = logFile(this.#home, { flow, runId, taskId, attempt, stream });
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    return file;
  }
}

/** A process that does nothing until it is ended. */
export async function idleProcess(): Promise<{ identity: ProcessIdentity; end: () => Promise<void> }> {
  const child: ChildProcess = spawn('sleep', ['600'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const identity = identityOf(child.pid ?? 0);
  if (identity === undefined) throw new Error('the process ended by itself');
  const end = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return { identity, end };
}

/** The identity of a process that has ended. */
export async function deadProcess(): Promise<ProcessIdentity> {
  const { identity, end } = await idleProcess();
  await end();
  return identity;
}
