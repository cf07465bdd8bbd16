import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Sweep } from '../../src/runner/sweep.ts';

/** A sweep over 0, 1, 2 … whose tasks end when they are told to, each with its number as its result. */
function puppetSweep({ count = Infinity, maxConcurrency = 2, maxWaiting = Infinity } = {}) {
  const ends = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();
  const seen = { begun: 0, released: [] as number[], isLeft: false };
  const controller = new AbortController();
  async function* tasks() {
    try {
      while (seen.begun < count) yield seen.begun++;
    } finally {
      seen.isLeft = true;
    }
  }
  const sweep = new Sweep<number, number>({
    prepare: async () => ({
      tasks: tasks(),
      maxConcurrency,
      maxWaiting,
      work: (task, signal) => {
        const { promise, resolve, reject } = Promise.withResolvers<number>();
        ends.set(task, { resolve: () => resolve(task), reject });
        signal.addEventListener('abort', () => resolve(task));
        return promise;
      },
    }),
    release: async (result) => void seen.released.push(result),
    signals: [controller.signal],
  });
  return {
    sweep,
    seen,
    controller,
    end: (task: number) => ends.get(task)?.resolve(),
    fail: (task: number) => ends.get(task)?.reject(new Error(`${task}`)),
  };
}

describe('a sweep', () => {
  test('has as many tasks in flight as it may, and begins one as soon as one ends', async () => {
    const { sweep, seen, end } = puppetSweep({ maxConcurrency: 3 });
    const next = sweep.next();
    await setImmediate();
    expect(seen.begun).toBe(3);
    end(1);
    expect(await next).toEqual({ done: false, value: 1 });
    await setImmediate();
    expect(seen.begun).toBe(4);
    end(0);
    end(3);
    await setImmediate();
    expect(seen.begun).toBe(6);
    await sweep.return();
  });

  test('begins nothing while too many results wait, and goes on when one is taken', async () => {
    const { sweep, seen, end } = puppetSweep({ maxConcurrency: 2, maxWaiting: 2 });
    const first = sweep.next();
    await setImmediate();
    for (const task of [0, 1, 2]) {
      end(task);
      await setImmediate();
    }
    expect(await first).toEqual({ done: false, value: 0 });
    expect(seen.begun).toBe(4);
    await setImmediate();
    expect(seen.begun).toBe(4); // 1 and 2 wait
    await sweep.next();
    await setImmediate();
    expect(seen.begun).toBe(5);
    await sweep.return();
  });

  test('serves those who ask at once in their order, and then they are done', async () => {
    const { sweep, end } = puppetSweep({ count: 2 });
    const asked = [sweep.next(), sweep.next(), sweep.next()];
    await setImmediate();
    end(1);
    await setImmediate();
    end(0);
    expect((await Promise.all(asked)).map(({ value }) => value)).toEqual([1, 0, undefined]);
  });

  test('releases a result when the next one is asked for, and all that nobody will ask for', async () => {
    const { sweep, seen, end } = puppetSweep({ maxConcurrency: 3 });
    const next = sweep.next();
    await setImmediate();
    end(0);
    await next;
    expect(seen.released).toEqual([]);
    end(1);
    await sweep.next();
    expect(seen.released).toEqual([0]);
    end(2);
    await setImmediate();
    await sweep.return();
    expect(seen.released.toSorted()).toEqual([0, 2, 3, 4, 5]); // 1 is in the hands of who asked last
    expect(seen.isLeft).toBe(true);
  });

  test('releases what waits when it is left after its end', async () => {
    const { sweep, seen, end } = puppetSweep({ count: 2 });
    const next = sweep.next();
    await setImmediate();
    end(0);
    end(1);
    await next;
    await setImmediate();
    await sweep.return();
    expect(seen.released).toEqual([1]);
  });

  test('rejects once with what a task failed with, after the others have ended', async () => {
    const { sweep, seen, fail } = puppetSweep();
    const next = sweep.next();
    await setImmediate();
    fail(0);
    await expect(next).rejects.toThrow('0');
    expect(seen).toEqual({ begun: 2, released: [1], isLeft: true });
    expect(await sweep.next()).toEqual({ done: true, value: undefined });
  });

  test('rejects with the reason of the signal, also when that was aborted before', async () => {
    const { sweep, controller } = puppetSweep();
    const next = sweep.next();
    await setImmediate();
    controller.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
    const late = puppetSweep();
    late.controller.abort(new Error('enough'));
    await expect(late.sweep.next()).rejects.toThrow('enough');
    expect(late.seen.begun).toBe(0);
  });
});
