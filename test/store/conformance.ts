import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { AttemptResult, NewBlob, NewRun, RunStore, RunWriter } from '../../src/store/run-store.ts';

/** A store as the suite needs it: opened any number of times over the same place. */
export interface StoreUnderTest extends AsyncDisposable {
  open(): RunStore;
  /** Puts content where `RunWriter` expects it. */
  prepare(bytes: Uint8Array, writer?: Pick<RunWriter, 'flow' | 'runId'>): NewBlob;
}

/** What every adapter of `RunStore` must keep. */
export function describeRunStore(name: string, createStore: () => StoreUnderTest): void {
  describe(`${name} as a run store`, () => {
    test('a run is there for every reader as soon as it was made', async () => {
      await using place = createStore();
      const origin = await place.open().createRun(newRun());
      const writer = await place.open().createRun(newRun({ userTags: ['b', 'a'], originRunId: origin.runId }));
      expect(await place.open().run('Sample', writer.runId)).toMatchObject({
        flow: 'Sample',
        id: writer.runId,
        state: { status: 'running' },
        user: 'ada',
        userTags: ['a', 'b'],
        systemTags: ['user:ada'],
        originRunId: origin.runId,
        finishedAt: undefined,
        createdAt: writer.createdAt,
      });
      expect(await place.open().flows()).toMatchObject([{ name: 'Sample' }]);
    });

    test('runs that begin in the same instant have ids of their own', async () => {
      await using place = createStore();
      const stores = [place.open(), place.open(), place.open()];
      const writers = await Promise.all(
        Array.from({ length: 60 }, (_, index) => stores[index % 3]?.createRun(newRun())),
      );
      expect(new Set(writers.map((writer) => writer?.runId)).size).toBe(60);
    });

    test('a task is running until its result is committed, then all of it is there', async () => {
      await using place = createStore();
      const store = place.open();
      const writer = await store.createRun(newRun());
      const id = await writer.startTask(newTask('start'), 4711);
      expect(await store.tasks('Sample', writer.runId)).toMatchObject([
        { id: '1', state: { status: 'running' }, attempt: 0 },
      ]);
      expect(await store.artifacts('Sample', writer.runId, id)).toStrictEqual([]);

      const blob = place.prepare(Buffer.from('small'));
      await writer.finishAttempt(success(id, { artifacts: { x: blob }, blobs: [blob] }));
      expect(await store.task('Sample', writer.runId, id)).toMatchObject({
        state: { status: 'successful' },
        transition: { kind: 'linear', steps: ['end'] },
        reads: { parameters: ['seconds'] },
      });
      const [artifact] = await store.artifacts('Sample', writer.runId, id);
      expect(artifact).toMatchObject({ name: 'x', sizeBytes: 5, type: 'Buffer' });
      expect(artifact && Buffer.from(await store.readBlob(artifact)).toString()).toBe('small');
      expect(artifact && Buffer.from(store.readBlobSync(artifact)).toString()).toBe('small');
    });

    test('nothing of a result is there when its transaction fails', async () => {
      await using place = createStore();
      const store = place.open();
      const writer = await store.createRun(newRun());
      const id = await writer.startTask(newTask('start'), 1);
      const missing: NewBlob = { sha256: sha256(Buffer.from('never stored')), sizeBytes: 12 };
      await expect(writer.finishAttempt(success(id, { artifacts: { x: missing }, blobs: [] }))).rejects.toThrow();
      expect(await store.task('Sample', writer.runId, id)).toMatchObject({ state: { status: 'running' } });
      expect(await store.artifacts('Sample', writer.runId, id)).toStrictEqual([]);
    });

    test('of several results written at once, one that fails leaves the others whole', async () => {
      await using place = createStore();
      const store = place.open();
      const writer = await store.createRun(newRun());
      const ids = await Promise.all(['start', 'a', 'b'].map((step) => writer.startTask(newTask(step), 1)));
      expect(ids).toStrictEqual(['1', '2', '3']);
      const missing: NewBlob = { sha256: sha256(Buffer.from('never stored')), sizeBytes: 12 };
      const blob = place.prepare(Buffer.from('kept'));
      const results = await Promise.allSettled([
        writer.finishAttempt(success('1', { artifacts: { x: blob }, blobs: [blob] })),
        writer.finishAttempt(success('2', { artifacts: { x: missing } })),
        writer.finishAttempt(success('3')),
      ]);
      expect(results.map(({ status }) => status)).toStrictEqual(['fulfilled', 'rejected', 'fulfilled']);
      const tasks = await store.tasks('Sample', writer.runId);
      expect(tasks.map(({ state }) => state.status)).toStrictEqual(['successful', 'running', 'successful']);
      expect(await store.artifacts('Sample', writer.runId, '1')).toMatchObject([{ sha256: blob.sha256 }]);
    });

    test('tells which step was the first to leave an artifact', async () => {
      await using place = createStore();
      const store = place.open();
      const writer = await store.createRun(newRun());
      const [first, second] = [place.prepare(Buffer.from('first')), place.prepare(Buffer.from('second'))];
      for (const [step, x] of [
        ['start', first],
        ['middle', first],
        ['end', second],
      ] as const) {
        const id = await writer.startTask(newTask(step), 1);
        await writer.finishAttempt(success(id, { artifacts: { x }, blobs: [x] }));
      }
      const maker = (name: string, { sha256: hash }: NewBlob): string | undefined =>
        store.makerSync('Sample', writer.runId, { name, sha256: hash });
      expect([maker('x', first), maker('x', second), maker('y', first)]).toStrictEqual(['start', 'end', undefined]);
    });

    test('what was written last is there when the run is ended', async () => {
      await using place = createStore();
      const store = place.open();
      const writer = await store.createRun(newRun());
      const id = await writer.startTask(newTask('start'), 1);
      const written = writer.finishAttempt(success(id));
      expect(await writer.finish({ status: 'successful' })).toEqual({ status: 'successful' });
      await written;
      expect(await store.task('Sample', writer.runId, id)).toMatchObject({ state: { status: 'successful' } });
    });

    test('content that several tasks have is stored once and read by each', async () => {
      await using place = createStore();
      const store = place.open();
      const writer = await store.createRun(newRun());
      const blob = place.prepare(Buffer.alloc(200_000, 'large'));
      const first = await writer.startTask(newTask('start'), 1);
      await writer.finishAttempt(success(first, { artifacts: { x: blob }, blobs: [blob] }));
      const second = await writer.startTask(newTask('end', [first]), 1);
      await writer.finishAttempt(success(second, { artifacts: { x: blob, y: blob }, blobs: [] }));
      const artifacts = await store.artifacts('Sample', writer.runId, second);
      expect(artifacts.map(({ name }) => name)).toStrictEqual(['x', 'y']);
      for (const artifact of artifacts) expect((await store.readBlob(artifact)).byteLength).toBe(200_000);
    });

    test('a step is finished when all its tasks are', async () => {
      await using place = createStore();
      const store = place.open();
      const writer = await store.createRun(newRun());
      const first = await writer.startTask(newTask('start'), 1);
      const second = await writer.startTask(newTask('start'), 1);
      await writer.finishAttempt(success(first));
      expect(await store.steps('Sample', writer.runId)).toMatchObject([{ name: 'start', finishedAt: undefined }]);
      await writer.finishAttempt(success(second));
      expect(await store.steps('Sample', writer.runId)).toMatchObject([{ finishedAt: expect.any(Number) }]);
    });

    test('attempts are kept apart, and the task is what its latest attempt is', async () => {
      await using place = createStore();
      const store = place.open();
      const writer = await store.createRun(newRun());
      const id = await writer.startTask(newTask('start'), 1);
      const exception = { name: 'Error', message: 'no', stack: '' };
      const reason = { kind: 'exception', message: 'Error: no' } as const;
      await writer.finishAttempt({ ...success(id), state: { status: 'failed', reason }, exception });
      await writer.startAttempt(id, 1, 2);
      const logBytes = { stdout: 7, stderr: 0 };
      await writer.finishAttempt({ ...success(id), attempt: 1, logBytes });
      expect(await store.attempts('Sample', writer.runId, id)).toMatchObject([
        { number: 0, state: { status: 'failed', reason }, exception, logBytes: undefined },
        { number: 1, state: { status: 'successful' }, logBytes },
      ]);
      expect(await store.task('Sample', writer.runId, id)).toMatchObject({
        state: { status: 'successful' },
        attempt: 1,
        logBytes,
      });
    });

    test('an attempt that got another process has the id of that one', async () => {
      await using place = createStore();
      const store = place.open();
      const writer = await store.createRun(newRun());
      const id = await writer.startTask(newTask('start'), 1);
      await writer.startAttempt(id, 0, 2);
      const attempts = await store.attempts('Sample', writer.runId, id);
      expect(attempts).toMatchObject([{ number: 0, pid: 2, state: { status: 'running' } }]);
    });

    test('a task whose attempt is tried again is running until the next one has ended', async () => {
      await using place = createStore();
      const store = place.open();
      const writer = await store.createRun(newRun());
      const id = await writer.startTask(newTask('start'), 1);
      const reason = { kind: 'exit', exitCode: 3 } as const;
      const state = { status: 'failed', reason } as const;
      await writer.finishAttempt({ ...success(id), state, isRetried: true });
      expect(await store.task('Sample', writer.runId, id)).toMatchObject({
        state: { status: 'running' },
        finishedAt: undefined,
      });
      expect(await store.steps('Sample', writer.runId)).toMatchObject([{ finishedAt: undefined }]);
      expect(await store.attempts('Sample', writer.runId, id)).toMatchObject([{ state }]);
      await writer.startAttempt(id, 1, 2);
      await writer.finishAttempt({ ...success(id), attempt: 1, state });
      expect(await store.task('Sample', writer.runId, id)).toMatchObject({ state, finishedAt: expect.any(Number) });
      expect(await store.steps('Sample', writer.runId)).toMatchObject([{ finishedAt: expect.any(Number) }]);
    });

    test.each([
      ['its run process', (_store: RunStore, writer: RunWriter) => writer.finish(FAILED)],
      [
        'somebody else',
        (store: RunStore, { flow, runId }: RunWriter) =>
          store.recordEnd(flow, runId, { status: 'failed', reason: { kind: 'lost' } }),
      ],
    ])('a task that waits for its next attempt has failed when %s ends the run', async (_by, end) => {
      await using place = createStore();
      const store = place.open();
      const writer = await store.createRun(newRun());
      const id = await writer.startTask(newTask('start'), 1);
      const state = { status: 'failed', reason: { kind: 'exit', exitCode: 3 } } as const;
      await writer.finishAttempt({ ...success(id), state, isRetried: true });
      expect(await end(store, writer)).toBeTruthy();
      expect(await store.task('Sample', writer.runId, id)).toMatchObject({ state });
    });

    test('a caught failure is a success that says what was caught', async () => {
      await using place = createStore();
      const store = place.open();
      const writer = await store.createRun(newRun());
      const id = await writer.startTask(newTask('start'), 1);
      const state = { status: 'successful', caught: { kind: 'signal', signalCode: 'SIGKILL' } } as const;
      await writer.finishAttempt({ ...success(id), state });
      expect(await store.task('Sample', writer.runId, id)).toMatchObject({ state });
      expect(await store.attempts('Sample', writer.runId, id)).toMatchObject([{ state }]);
      expect(await store.events('Sample', writer.runId, 2)).toMatchObject([
        { type: 'task-succeeded', caught: state.caught },
      ]);
    });

    test('cards are those of the latest attempt that has some, and are cloned', async () => {
      await using place = createStore();
      const store = place.open();
      const writer = await store.createRun(newRun());
      const id = await writer.startTask(newTask('start'), 1);
      const blob = place.prepare(Buffer.from('<html>'));
      const card = { id: 'default', type: 'blank', sha256: blob.sha256, sizeBytes: blob.sizeBytes };
      const state = { status: 'failed', reason: { kind: 'exit', exitCode: 1 } } as const;
      await writer.finishAttempt({ ...success(id), state, isRetried: true, cards: [card], blobs: [blob] });
      await writer.startAttempt(id, 1, 2);
      expect(await store.cards('Sample', writer.runId, id)).toStrictEqual([card]);
      const other = { ...card, id: 'other' };
      await writer.finishAttempt({ ...success(id), attempt: 1, cards: [other] });
      expect(await store.cards('Sample', writer.runId, id)).toStrictEqual([other]);
      const resumed = await store.createRun(newRun());
      await resumed.cloneTasks(writer.runId, [{ ...newTask('start'), originTaskId: id, taskId: '1' }]);
      expect(await store.cards('Sample', resumed.runId, '1')).toStrictEqual([other]);
    });

    test('a spin is found by its id and listed only when asked for', async () => {
      await using place = createStore();
      const store = place.open();
      const writer = await store.createRun(newRun({ kind: 'spin' }));
      const originPathspec = 'Sample/1/start/1';
      const id = await writer.startTask({ ...newTask('start'), originPathspec }, 1);
      expect(await store.run('Sample', writer.runId)).toMatchObject({ kind: 'spin' });
      expect(await store.task('Sample', writer.runId, id)).toMatchObject({ originPathspec });
      expect(await store.runs('Sample', {})).toStrictEqual([]);
      expect(await store.runs('Sample', { kind: 'spin' })).toMatchObject([{ id: writer.runId }]);
    });

    test('contents can be added before a task has them', async () => {
      await using place = createStore();
      const store = place.open();
      const writer = await store.createRun(newRun());
      const blob = place.prepare(Buffer.from('given'));
      await writer.addBlobs([blob]);
      await writer.addBlobs([blob]);
      expect(Buffer.from(store.readBlobSync(blob)).toString()).toBe('given');
    });

    test('the end of a run stops what was still running in it', async () => {
      await using place = createStore();
      const store = place.open();
      const writer = await store.createRun(newRun());
      await writer.startTask(newTask('start'), 1);
      expect(
        await writer.finish({ status: 'failed', reason: { kind: 'signal', signalCode: 'SIGTERM' } }),
      ).toMatchObject({
        status: 'failed',
      });
      expect(await store.run('Sample', writer.runId)).toMatchObject({
        state: { status: 'failed', reason: { kind: 'signal' } },
        finishedAt: expect.any(Number),
      });
      expect(await store.tasks('Sample', writer.runId)).toMatchObject([
        { state: { status: 'failed', reason: { kind: 'stopped' } } },
      ]);
    });

    test('the end of a run is recorded once: whoever is second changes nothing', async () => {
      await using place = createStore();
      const store = place.open();
      const writer = await store.createRun(newRun());
      const lost = { status: 'failed', reason: { kind: 'lost' } } as const;
      expect(await store.recordEnd('Sample', writer.runId, lost)).toBe(true);
      expect(await store.recordEnd('Sample', writer.runId, { status: 'failed', reason: { kind: 'killed' } })).toBe(
        false,
      );
      expect(await writer.finish({ status: 'successful' })).toBeUndefined();
      expect(await store.run('Sample', writer.runId)).toMatchObject({ state: lost });
    });

    test('a run that only knows by which signal it ended learns that it was killed', async () => {
      await using place = createStore();
      const store = place.open();
      const writer = await store.createRun(newRun());
      await writer.finish({ status: 'failed', reason: { kind: 'signal', signalCode: 'SIGTERM' } });
      const timeout = { status: 'timeout', reason: { kind: 'timeout' } } as const;
      expect(await store.recordEnd('Sample', writer.runId, timeout)).toBe(true);
      expect(await store.run('Sample', writer.runId)).toMatchObject({ state: timeout });
    });

    test.each(['killed', 'timeout'] as const)(
      'a run that ends by a signal after an end as %s was asked for ended so',
      async (kind) => {
        await using place = createStore();
        const store = place.open();
        const status = kind === 'killed' ? 'failed' : 'timeout';
        const signal = { status: 'failed', reason: { kind: 'signal', signalCode: 'SIGTERM' } } as const;
        const writer = await store.createRun(newRun());
        await store.recordEnding('Sample', writer.runId, kind);
        await store.recordEnding('Sample', writer.runId, 'killed'); // the first counts
        expect((await store.run('Sample', writer.runId))?.state).toEqual({ status: 'running' });
        await writer.finish(signal);
        const ended = { status, reason: { kind } };
        expect((await store.run('Sample', writer.runId))?.state).toEqual(ended);
        const events = await store.events('Sample', writer.runId, 0);
        expect(events.at(-1)).toMatchObject({ type: 'run-finished', state: ended });

        const struck = await store.createRun(newRun());
        await store.recordEnding('Sample', struck.runId, kind);
        expect(await store.recordEnd('Sample', struck.runId, signal)).toBe(true);
        expect((await store.run('Sample', struck.runId))?.state).toEqual(ended);
      },
    );

    test('a run that came to its own end after its end was asked for keeps that', async () => {
      await using place = createStore();
      const store = place.open();
      const writer = await store.createRun(newRun());
      await store.recordEnding('Sample', writer.runId, 'killed');
      await writer.finish({ status: 'successful' });
      await store.recordEnding('Sample', writer.runId, 'killed');
      expect((await store.run('Sample', writer.runId))?.state).toEqual({ status: 'successful' });
    });

    test('a writer whose run was recorded as ended writes nothing more', async () => {
      await using place = createStore();
      const store = place.open();
      const writer = await store.createRun(newRun());
      const id = await writer.startTask(newTask('start'), 1);
      await store.recordEnd('Sample', writer.runId, { status: 'failed', reason: { kind: 'lost' } });
      await expect(writer.finishAttempt(success(id))).rejects.toMatchObject({ code: 'SUPERSEDED' });
      await expect(writer.beat()).rejects.toMatchObject({ code: 'SUPERSEDED' });
      expect(await store.tasks('Sample', writer.runId)).toMatchObject([{ state: { reason: { kind: 'lost' } } }]);
    });

    test('cloned tasks have new ids and parents, the same artifacts, and say where they come from', async () => {
      await using place = createStore();
      const store = place.open();
      const origin = await store.createRun(newRun());
      const blob = place.prepare(Buffer.from('kept'));
      const skipped = await origin.startTask(newTask('start'), 1);
      await origin.finishAttempt(success(skipped));
      const first = await origin.startTask(newTask('start'), 1);
      await origin.finishAttempt(success(first, { artifacts: { x: blob }, blobs: [blob] }));
      const second = await origin.startTask(newTask('middle', [first]), 1);
      await origin.finishAttempt(success(second));
      const writer = await store.createRun(newRun());
      await writer.cloneTasks(origin.runId, [
        { ...newTask('start'), originTaskId: first, taskId: '1' },
        { ...newTask('middle', ['1']), originTaskId: second, taskId: '2' },
      ]);
      expect(await store.tasks('Sample', writer.runId)).toMatchObject([
        { id: '1', step: 'start', state: { status: 'successful' }, originPathspec: `Sample/${origin.runId}/start/2` },
        { id: '2', step: 'middle', parentIds: ['1'], originPathspec: `Sample/${origin.runId}/middle/3` },
      ]);
      expect(await store.artifacts('Sample', writer.runId, '1')).toStrictEqual(
        await store.artifacts('Sample', origin.runId, first),
      );
      expect(await store.artifactsByTask('Sample', writer.runId)).toStrictEqual(
        new Map([['1', await store.artifacts('Sample', writer.runId, '1')]]),
      );
      expect(await store.attempts('Sample', writer.runId, '2')).toMatchObject([
        { number: 0, state: { status: 'successful' } },
      ]);
      expect(await writer.startTask(newTask('end', ['2']), 1)).toBe('3');
    });

    test('the cards of a task are those of its latest attempt that has some, and a clone takes them over', async () => {
      await using place = createStore();
      const store = place.open();
      const origin = await store.createRun(newRun());
      const id = await origin.startTask(newTask('start'), 1);
      const blob = place.prepare(Buffer.from('<p>first</p>'));
      const card = { type: 'default', sha256: blob.sha256, sizeBytes: blob.sizeBytes };
      const cards = [
        { ...card, id: 'b' },
        { ...card, id: 'a' },
      ];
      await origin.finishAttempt({
        ...success(id, { blobs: [blob] }),
        state: { status: 'failed', reason: { kind: 'exception', message: 'once' } },
        isRetried: true,
        cards,
      });
      await origin.startAttempt(id, 1, 1);
      await origin.finishAttempt({ ...success(id), attempt: 1 });
      expect(await store.cards('Sample', origin.runId, id)).toStrictEqual(cards.toReversed());
      const writer = await store.createRun(newRun());
      await writer.cloneTasks(origin.runId, [{ ...newTask('start'), originTaskId: id, taskId: '1' }]);
      expect(await store.cards('Sample', writer.runId, '1')).toStrictEqual(cards.toReversed());
    });

    test('runs are listed newest first, by tags, user, status, time and page', async () => {
      await using place = createStore();
      const store = place.open();
      const a = await store.createRun(newRun({ userTags: ['nightly', 'x'] }));
      const b = await store.createRun(newRun({ user: 'bob', userTags: ['nightly'] }));
      const c = await store.createRun(newRun());
      await b.finish({ status: 'successful' });
      const list = async (query: Parameters<RunStore['runs']>[1]): Promise<string[]> =>
        (await store.runs('Sample', query)).map(({ id }) => id);
      expect(await list({})).toStrictEqual([c.runId, b.runId, a.runId]);
      expect(await list({ tags: ['nightly'] })).toStrictEqual([b.runId, a.runId]);
      expect(await list({ tags: ['nightly', 'x'] })).toStrictEqual([a.runId]);
      expect(await list({ tags: ['user:ada'], limit: 1 })).toStrictEqual([c.runId]);
      expect(await list({ user: 'bob' })).toStrictEqual([b.runId]);
      expect(await list({ statuses: ['running'] })).toStrictEqual([c.runId, a.runId]);
      expect(await list({ before: (await store.run('Sample', b.runId))?.position })).toStrictEqual([a.runId]);
      expect(await list({ since: c.createdAt + 60_000 })).toStrictEqual([]);
      expect(await store.runs('Other', {})).toStrictEqual([]);
    });

    test('tags change without touching the age or order of runs', async () => {
      await using place = createStore();
      const store = place.open();
      const first = await store.createRun(newRun({ userTags: ['old'] }));
      const second = await store.createRun(newRun());
      const before = await store.run('Sample', first.runId);
      await store.changeTags('Sample', first.runId, { add: ['new', 'new'], remove: ['old', 'never'] });
      const after = await store.run('Sample', first.runId);
      expect(after).toStrictEqual({ ...before, userTags: ['new'] });
      expect((await store.runs('Sample', {})).map(({ id }) => id)).toStrictEqual([second.runId, first.runId]);
      await expect(store.changeTags('Sample', '1', { add: ['x'] })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    test('a spin is listed only when it is asked for, and its task names the one it executes once more', async () => {
      await using place = createStore();
      const store = place.open();
      const run = await store.createRun(newRun());
      const spin = await store.createRun(newRun({ kind: 'spin', originRunId: run.runId }));
      const originPathspec = `Sample/${run.runId}/start/1`;
      const id = await spin.startTask({ ...newTask('start'), originPathspec }, 5);
      expect((await store.runs('Sample', {})).map((one) => one.id)).toStrictEqual([run.runId]);
      expect(await store.runs('Sample', { kind: 'spin' })).toMatchObject([{ id: spin.runId, kind: 'spin' }]);
      expect(await store.task('Sample', spin.runId, id)).toMatchObject({ originPathspec });
      expect(await store.events('Sample', spin.runId, 1)).toMatchObject([{ type: 'task-started', originPathspec }]);
    });

    test('a run that was removed is gone with all of it, and its flow when that has no other', async () => {
      await using place = createStore();
      const store = place.open();
      const first = await store.createRun(newRun({ userTags: ['x'] }));
      const id = await first.startTask(newTask('start'), 1);
      const blob = place.prepare(Buffer.from('kept'), first);
      const card = { id: 'default', type: 'blank', sha256: blob.sha256, sizeBytes: blob.sizeBytes };
      await first.finishAttempt({ ...success(id, { artifacts: { x: blob }, blobs: [blob] }), cards: [card] });
      await first.finish({ status: 'successful' });
      const second = await store.createRun(newRun());
      await second.finish(FAILED);
      await store.removeRun('Sample', first.runId);
      expect(await store.run('Sample', first.runId)).toBeUndefined();
      expect(await store.task('Sample', first.runId, id)).toBeUndefined();
      expect(await store.artifacts('Sample', first.runId, id)).toStrictEqual([]);
      expect(await store.events('Sample', first.runId, 0)).toStrictEqual([]);
      expect((await store.runs('Sample', {})).map((run) => run.id)).toStrictEqual([second.runId]);
      await expect(store.removeRun('Sample', first.runId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await store.removeRun('Sample', second.runId);
      expect(await store.flows()).toStrictEqual([]);
    });

    test('a run is not removed while it, or one that was made from it, is recorded as running', async () => {
      await using place = createStore();
      const store = place.open();
      const origin = await store.createRun(newRun());
      await expect(store.removeRun('Sample', origin.runId)).rejects.toMatchObject({ code: 'RUNNING' });
      await origin.finish(FAILED);
      const resumed = await store.createRun(newRun({ originRunId: origin.runId }));
      await expect(store.removeRun('Sample', origin.runId)).rejects.toMatchObject({
        code: 'RUNNING',
        message: expect.stringContaining(`Sample/${resumed.runId}, which is running, was made from it`),
      });
      await resumed.finish({ status: 'successful' });
      await store.removeRun('Sample', origin.runId);
      expect(await store.run('Sample', resumed.runId)).toMatchObject({ originRunId: origin.runId });
    });

    test('a run cannot be made from one that was removed', async () => {
      await using place = createStore();
      const store = place.open();
      const origin = await store.createRun(newRun());
      await origin.finish(FAILED);
      await store.removeRun('Sample', origin.runId);
      await expect(store.createRun(newRun({ originRunId: origin.runId }))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    test('the writer of a run that was removed writes nothing, nor into a run that was made since', async () => {
      await using place = createStore();
      const store = place.open();
      const asleep = await store.createRun(newRun());
      const id = await asleep.startTask(newTask('start'), 1);
      await store.recordEnd('Sample', asleep.runId, { status: 'failed', reason: { kind: 'lost' } });
      await store.removeRun('Sample', asleep.runId);
      const other = await store.createRun(newRun());
      await expect(asleep.finishAttempt(success(id))).rejects.toMatchObject({ code: 'SUPERSEDED' });
      await expect(asleep.startTask(newTask('end'), 1)).rejects.toMatchObject({ code: 'SUPERSEDED' });
      expect(await asleep.finish({ status: 'successful' })).toBeUndefined();
      expect(await store.run('Sample', other.runId)).toMatchObject({ state: { status: 'running' } });
      expect(await store.tasks('Sample', other.runId)).toStrictEqual([]);
    });

    test('runs can be removed while they are listed page by page', async () => {
      await using place = createStore();
      const store = place.open();
      const ids: string[] = [];
      for (let count = 0; count < 4; count += 1) {
        const writer = await store.createRun(newRun());
        await writer.finish({ status: 'successful' });
        ids.unshift(writer.runId);
      }
      const [first, second] = await store.runs('Sample', { limit: 2 });
      await store.removeRun('Sample', first?.id ?? '');
      await store.removeRun('Sample', second?.id ?? '');
      const rest = await store.runs('Sample', { limit: 2, before: second?.position });
      expect([first, second, ...rest].map((run) => run?.id)).toStrictEqual(ids);
    });

    test('a clone of a clone names the task that was executed once the run between is removed', async () => {
      await using place = createStore();
      const store = place.open();
      const [origin, , third] = await resumedTwice(store);
      expect((await store.task('Sample', third.runId, '1'))?.originPathspec).not.toContain(origin.runId);
      await store.removeRun('Sample', (await store.run('Sample', third.runId))?.originRunId ?? '');
      expect(await store.task('Sample', third.runId, '1')).toMatchObject({
        originPathspec: `Sample/${origin.runId}/start/1`,
        state: { status: 'successful' },
      });
    });

    test.each([
      ['small', 10],
      ['large', 100_000],
    ])('%s content goes with the last run that has it, and not before', async (_size, sizeBytes) => {
      await using place = createStore();
      const store = place.open();
      const [first, second] = [await store.createRun(newRun()), await store.createRun(newRun())];
      const shared = Buffer.alloc(sizeBytes, 'shared');
      for (const writer of [first, second]) {
        const id = await writer.startTask(newTask('start'), 1);
        const blobs = [
          place.prepare(shared, writer),
          place.prepare(Buffer.alloc(sizeBytes, writer === first ? 'first' : 'second'), writer),
        ];
        await writer.finishAttempt(
          success(id, { artifacts: { x: blobs[0] as NewBlob, y: blobs[1] as NewBlob }, blobs }),
        );
        await writer.finish({ status: 'successful' });
      }
      expect(await store.collectGarbage(COLLECT)).toMatchObject({ contents: { count: 0, sizeBytes: 0 } });
      const own = (await store.artifacts('Sample', first.runId, '1')).find(({ name }) => name === 'y');
      await store.removeRun('Sample', first.runId);
      expect(await store.collectGarbage({ ...COLLECT, dryRun: true })).toMatchObject({
        contents: { count: 1, sizeBytes },
      });
      expect(await store.collectGarbage(COLLECT)).toMatchObject({ contents: { count: 1, sizeBytes } });
      await expect(store.readBlob(own as NewBlob)).rejects.toMatchObject({ code: 'ARTIFACT' });
      for (const artifact of await store.artifacts('Sample', second.runId, '1')) {
        expect(await store.readBlob(artifact)).toHaveLength(sizeBytes);
      }
      await store.removeRun('Sample', second.runId);
      expect(await store.collectGarbage(COLLECT)).toMatchObject({ contents: { count: 2, sizeBytes: 2 * sizeBytes } });
      expect(await store.collectGarbage(COLLECT)).toMatchObject({ contents: { count: 0 } });
    });

    test.each([
      ['small', 10],
      ['large', 100_000],
    ])('%s content that waits to be committed, or that a task was given, is no garbage', async (_size, sizeBytes) => {
      await using place = createStore();
      const store = place.open();
      const old = await store.createRun(newRun());
      const content = Buffer.alloc(sizeBytes, 'content');
      const made = place.prepare(content, old);
      const start = await old.startTask(newTask('start'), 1);
      await old.finishAttempt(success(start, { artifacts: { x: made }, blobs: [made] }));
      await old.finish({ status: 'successful' });
      const writer = await store.createRun(newRun());
      const id = await writer.startTask(newTask('start'), 1);
      const same = place.prepare(content, writer); // which is there already, and then is not
      const other = place.prepare(Buffer.alloc(sizeBytes, 'other'), writer);
      const given = place.prepare(Buffer.alloc(sizeBytes, 'given'), writer);
      await writer.addBlobs([given]);
      await store.removeRun('Sample', old.runId);
      expect(await store.collectGarbage(COLLECT)).toMatchObject({
        contents: { count: 1 },
        temporary: { count: 0 },
      });
      await writer.finishAttempt(success(id, { artifacts: { same, other, given }, blobs: [same, other] }));
      const artifacts = await store.artifacts('Sample', writer.runId, id);
      expect(artifacts).toHaveLength(3);
      for (const artifact of artifacts) expect(await store.readBlob(artifact)).toHaveLength(sizeBytes);
    });

    test('large content that nobody will commit any more is garbage', async () => {
      await using place = createStore();
      const store = place.open();
      const ended = await store.createRun(newRun());
      const lost = await store.createRun(newRun({ process: { host: 'here', bootId: 'b', pid: 2, startTime: '2' } }));
      const running = await store.createRun(newRun());
      for (const writer of [ended, lost, running]) place.prepare(Buffer.alloc(100_000), writer);
      await ended.finish(FAILED);
      const collected = await store.collectGarbage({
        dryRun: false,
        isGone: ({ pid }) => pid === 2,
        isHeld: () => false,
      });
      expect(collected).toMatchObject({ contents: { count: 0 }, temporary: { count: 2, sizeBytes: 200_000 } });
    });

    test('events are kept in order and can be read on from any of them', async () => {
      await using place = createStore();
      const store = place.open();
      const writer = await store.createRun(newRun());
      const id = await writer.startTask(newTask('start'), 5);
      await writer.finishAttempt(success(id));
      await writer.finish({ status: 'successful' });
      const events = await store.events('Sample', writer.runId, 0);
      expect(events.map(({ type }) => type)).toStrictEqual([
        'run-started',
        'task-started',
        'task-succeeded',
        'run-finished',
      ]);
      expect(await store.events('Sample', writer.runId, events[1]?.sequence ?? 0)).toStrictEqual(events.slice(2));
    });
  });
}

const COLLECT = { dryRun: false, isGone: () => false, isHeld: () => false };

/** A run with one task, a run that was resumed from it, and one resumed from that. */
async function resumedTwice(store: RunStore): Promise<readonly [RunWriter, RunWriter, RunWriter]> {
  const writers: RunWriter[] = [];
  for (const _ of ['origin', 'second', 'third']) {
    const from = writers.at(-1);
    const writer = await store.createRun(newRun({ originRunId: from?.runId }));
    if (from === undefined) await writer.finishAttempt(success(await writer.startTask(newTask('start'), 1)));
    else await writer.cloneTasks(from.runId, [{ ...newTask('start'), originTaskId: '1', taskId: '1' }]);
    await writer.finish({ status: 'successful' });
    writers.push(writer);
  }
  return writers as unknown as readonly [RunWriter, RunWriter, RunWriter];
}

const FAILED = { status: 'failed', reason: { kind: 'exit', exitCode: 1 } } as const;

function newRun(overrides: Partial<NewRun> = {}): NewRun {
  return {
    flow: 'Sample',
    user: 'ada',
    userTags: [],
    systemTags: ['user:ada'],
    parameters: '[{}]',
    command: ['node', 'sample.ts', 'run'],
    process: { host: 'here', bootId: 'b', pid: 1, startTime: '1' },
    ...overrides,
  };
}

function newTask(step: string, parentIds: readonly string[] = []): Parameters<RunWriter['startTask']>[0] {
  return { step, parentIds, frames: [], sourceSha256: sha256(Buffer.from(step)) };
}

function success(
  taskId: string,
  { artifacts = {}, blobs = [] }: { artifacts?: Record<string, NewBlob>; blobs?: readonly NewBlob[] } = {},
): AttemptResult {
  return {
    taskId,
    attempt: 0,
    state: { status: 'successful' },
    transition: { kind: 'linear', steps: ['end'] },
    reads: { parameters: ['seconds'] },
    artifacts: Object.entries(artifacts).map(([name, { sizeBytes, sha256: hash }]) => ({
      name,
      type: 'Buffer',
      sizeBytes,
      sha256: hash,
    })),
    blobs,
  };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
