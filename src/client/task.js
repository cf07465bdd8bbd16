import { inspect } from 'node:util';
import { NotFoundError } from '../core/errors.js';
import { formatPathspec } from '../core/pathspec.js';
import { describeReason } from '../core/status.js';
import { Artifact } from './artifact.js';
import { lazyData } from './data.js';
import { explainMissing } from './explain-missing.js';
import { leavable } from './leavable.js';
import { suggestion } from './suggestion.js';
import { followLog, logText } from './task-log.js';
import { taskSnapshots } from './task-snapshots.js';
/**
 * One execution of a step in a run, as it was when it was read; `refresh()` reads it again. Iterating over it gives its
 * artifacts.
 *
 * @example
 * const task = await home.task<SlowFlow>('SlowFlow/1763719200123456/start/1');
 * if (task.status === 'failed') console.log(task.exception?.stack, await task.stderr());
 */
export class Task {
    /** `Flow/run/step/task`. */
    pathspec;
    /**
     * What the task left: `await task.data.model` loads one artifact, or rejects with `NotFoundError`. An artifact named
     * `then` is only to be had from `load`.
     */
    data;
    #lease;
    #snapshot;
    #artifacts;
    /** Made by the other handles. */
    constructor(lease, snapshot) {
        this.#lease = lease;
        this.#snapshot = snapshot;
        const { flow, runId, step, id } = snapshot.record;
        this.pathspec = formatPathspec({ flow, run: runId, step, task: id });
        this.data = lazyData(this.pathspec, async (name) => this.#value(name, await this.#artifactsByName()));
    }
    /** Reads tasks in the order of their ids; for the other handles. */
    static async read(lease, query) {
        return (await taskSnapshots(lease.store, query)).map((snapshot) => new Task(lease, snapshot));
    }
    /** A number, counted within the run from 1. */
    get id() {
        return this.#snapshot.record.id;
    }
    get stepName() {
        return this.#snapshot.record.step;
    }
    get status() {
        return this.#snapshot.record.state.status;
    }
    /** Why it is not successful. */
    get reason() {
        const { state } = this.#snapshot.record;
        return 'reason' in state ? state.reason : undefined;
    }
    get successful() {
        return this.status === 'successful';
    }
    /** Whether it has ended, successful or not. */
    get finished() {
        return this.status !== 'running';
    }
    get createdAt() {
        return new Date(this.#snapshot.record.createdAt);
    }
    /** For a lost task, when its run was last heard of. */
    get finishedAt() {
        return toDate(this.#snapshot.record.finishedAt);
    }
    /** What the step threw, as data. */
    get exception() {
        return this.#snapshot.record.exception;
    }
    /** In the order in which they were made; the last one is what the task's status speaks of. */
    get attempts() {
        return this.#snapshot.attempts.map(toAttempt);
    }
    /** Its place in the innermost foreach, from 0. */
    get index() {
        return this.#snapshot.record.index;
    }
    /** The task it was cloned from, when its run is a resumed one. */
    get originPathspec() {
        return this.#snapshot.record.originPathspec;
    }
    /**
     * Reads the task again, into this handle.
     *
     * @throws {NotFoundError} when it is no longer there
     */
    async refresh() {
        const { flow, runId, step, id } = this.#snapshot.record;
        const [snapshot] = await taskSnapshots(this.#lease.store, { flow, runId, taskId: id });
        if (snapshot === undefined)
            throw await explainMissing(this.#lease, { flow, run: runId, step, task: id });
        this.#snapshot = snapshot;
        return this;
    }
    /**
     * Loads several artifacts at once.
     *
     * @throws {NotFoundError} when the task left no artifact of one of these names
     *
     * @example
     * const { model, score } = await task.load('model', 'score');
     */
    async load(...names) {
        const artifacts = await this.#artifactsByName();
        const values = await Promise.all(names.map(async (name) => [name, await this.#value(name, artifacts)]));
        return Object.fromEntries(values);
    }
    /** What the task left, by name. */
    async *artifacts() {
        yield* (await this.#artifactsByName()).values();
    }
    [Symbol.asyncIterator]() {
        return this.artifacts();
    }
    /**
     * What it has written to stdout so far; a cloned task has the output of the one it was cloned from.
     *
     * @throws {RacewayError} `OUTPUT_TOO_LARGE` beyond 256 MB
     */
    stdout(options = {}) {
        return logText(this.#lease, { ...options, task: this.#snapshot.record, stream: 'stdout' });
    }
    /** As `stdout()`, for stderr. */
    stderr(options = {}) {
        return logText(this.#lease, { ...options, task: this.#snapshot.record, stream: 'stderr' });
    }
    /**
     * The lines of one attempt with their times, as they come while it runs, until it has ended. Leaving the loop stops
     * the reading.
     *
     * @throws the reason of `signal` when it is aborted
     *
     * @example
     * for await (const { time, text } of task.logLines('stdout')) console.log(time.toISOString(), text);
     */
    logLines(stream, { attempt, signal } = {}) {
        const task = this.#snapshot.record;
        return leavable((either) => followLog(this.#lease, { task, stream, attempt, signal: either }), signal);
    }
    /** The tasks it followed: one, or several when it is a join. */
    async *parentTasks() {
        const { flow, runId, parentIds } = this.#snapshot.record;
        const ids = new Set(parentIds);
        yield* (await Task.read(this.#lease, { flow, runId })).filter((task) => ids.has(task.id));
    }
    /** The tasks that followed it so far. */
    async *childTasks() {
        const { flow, runId } = this.#snapshot.record;
        const tasks = await Task.read(this.#lease, { flow, runId });
        yield* tasks.filter((task) => task.#snapshot.record.parentIds.includes(this.id));
    }
    toString() {
        return this.pathspec;
    }
    [inspect.custom]() {
        const why = this.reason === undefined ? '' : `: ${describeReason(this.reason)}`;
        return `Task ${this.pathspec} (${this.status}${why})`;
    }
    async #value(name, artifacts) {
        const artifact = artifacts.get(name);
        if (artifact !== undefined)
            return artifact.value();
        const none = this.finished ? 'It left none.' : 'It is still running: read it again when it has finished.';
        throw new NotFoundError(`${this.pathspec}/${name}`, `${this.pathspec} has no artifact ${name}`, suggestion(name, [...artifacts.keys()], none));
    }
    async #artifactsByName() {
        if (this.#artifacts !== undefined)
            return this.#artifacts;
        const { flow, runId, id } = this.#snapshot.record;
        const records = await this.#lease.store.artifacts(flow, runId, id);
        const artifacts = new Map(records.map((record) => [record.name, new Artifact(this.#lease, this.pathspec, record)]));
        if (this.successful)
            this.#artifacts = artifacts; // those are final; a failed task may be tried again
        return artifacts;
    }
}
function toAttempt({ number, state, startedAt, finishedAt }) {
    return {
        number,
        status: state.status,
        reason: 'reason' in state ? state.reason : undefined,
        startedAt: new Date(startedAt),
        finishedAt: toDate(finishedAt),
    };
}
function toDate(timeMs) {
    return timeMs === undefined ? undefined : new Date(timeMs);
}
