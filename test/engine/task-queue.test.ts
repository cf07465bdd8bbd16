import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TaskQueue } from '../../src/engine/task-queue.ts';
import type { Resources } from '../../src/flow/step-policy.ts';

interface Item {
  readonly step: string;
  readonly id: number;
}

const NEEDS: Readonly<Record<string, Resources>> = {
  one: { cpu: 1, memoryMb: 0, gpu: 0 },
  two: { cpu: 2, memoryMb: 100, gpu: 0 },
  huge: { cpu: 64, memoryMb: 1e9, gpu: 8 },
};

function queueOf(items: readonly Item[]): TaskQueue<Item> {
  const queue = new TaskQueue<Item>(
    (step) => NEEDS[step],
    () => ({ cpu: 3, memoryMb: 150, gpu: 0 }),
  );
  for (const item of items) queue.add(item);
  return queue;
}

function takeAll(queue: TaskQueue<Item>): number[] {
  const taken: number[] = [];
  for (let item = queue.take(); item !== undefined; item = queue.take()) taken.push(item.id);
  return taken;
}

describe('a queue of tasks', () => {
  test('gives tasks without a need in the order in which they came', () => {
    const queue = queueOf([
      { step: 'a', id: 1 },
      { step: 'b', id: 2 },
      { step: 'a', id: 3 },
    ]);
    expect(takeAll(queue)).toStrictEqual([1, 2, 3]);
    expect(takeAll(queue)).toStrictEqual([]);
  });

  test('lets those wait for which there is no room, and others pass', () => {
    const queue = queueOf([
      { step: 'two', id: 1 },
      { step: 'two', id: 2 },
      { step: 'one', id: 3 },
      { step: 'one', id: 4 },
      { step: 'free', id: 5 },
    ]);
    expect(takeAll(queue)).toStrictEqual([1, 3, 5]);
    queue.release('free');
    expect(takeAll(queue)).toStrictEqual([]);
    queue.release('one');
    expect(takeAll(queue)).toStrictEqual([4]);
    queue.release('two');
    expect(takeAll(queue)).toStrictEqual([2]);
  });

  test('gives what asks for more than there is when nothing else takes room', () => {
    const queue = queueOf([
      { step: 'one', id: 1 },
      { step: 'huge', id: 2 },
      { step: 'one', id: 3 },
    ]);
    expect(takeAll(queue)).toStrictEqual([1, 3]);
    queue.release('one');
    expect(takeAll(queue)).toStrictEqual([]);
    queue.release('one');
    expect(takeAll(queue)).toStrictEqual([2]);
  });

  test('never gives out more than there is, and everything in the end', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('one', 'two', 'huge', 'free'), { maxLength: 40 }),
        fc.infiniteStream(fc.nat()),
        (steps, choices) => {
          const queue = queueOf(steps.map((step, id) => ({ step, id })));
          const running: Item[] = [];
          const done: number[] = [];
          while (done.length < steps.length) {
            for (let item = queue.take(); item !== undefined; item = queue.take()) running.push(item);
            expect(running.length).toBeGreaterThan(0);
            const needs = running.flatMap(({ step }) => NEEDS[step] ?? []);
            expect(needs.reduce((sum, { cpu }) => sum + Math.min(cpu, 3), 0)).toBeLessThanOrEqual(3);
            expect(needs.reduce((sum, { memoryMb }) => sum + Math.min(memoryMb, 150), 0)).toBeLessThanOrEqual(150);
            const [ended] = running.splice((choices.next().value as number) % running.length, 1);
            if (ended === undefined) throw new Error('nothing was running');
            done.push(ended.id);
            queue.release(ended.step);
          }
          expect(done.toSorted((one, other) => one - other)).toStrictEqual(steps.map((_, id) => id));
        },
      ),
    );
  });
});
