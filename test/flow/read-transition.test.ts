import { describe, expect, test } from 'vitest';
import { FlowSpec } from '../../src/flow/flow-spec.ts';
import { step, type Step } from '../../src/flow/step.ts';
import { createTask, type TaskInstance } from '../../src/flow/task-instance.ts';

type Next = (...args: readonly unknown[]) => void;

/** A task that has said `call` in its start. */
async function said(
  call: (next: Next, steps: { readonly a: Step; readonly b: Step }) => void,
  { maxNumSplits }: { maxNumSplits?: number } = {},
): Promise<TaskInstance> {
  class Flow extends FlowSpec {
    start = step(() => {
      const next = (...args: readonly unknown[]) => (this.next as Next).call(this, ...args);
      call(next, this);
    });
    a = step();
    b = step();
    end = step();
  }
  const task = createTask(Flow, { parameters: {}, inherited: [], load: () => undefined, maxNumSplits });
  await task.run('start');
  return task;
}

describe('next', () => {
  test('goes to several steps at once', async () => {
    const { transition } = await said((next, { a, b }) => next(a, b));
    expect(transition).toEqual({ kind: 'branch', steps: ['a', 'b'] });
  });

  test('goes to a step for each item', async () => {
    const { transition } = await said((next, { a }) => next(a, { foreach: ['x', 'y'] }));
    expect(transition).toEqual({ kind: 'foreach', steps: ['a'], items: ['x', 'y'], allowEmpty: false });
  });

  test('fixes the items of any iterable once', async () => {
    let asked = 0;
    function* items(): Generator<number> {
      asked += 1;
      yield 1;
      yield 2;
    }
    const generated = await said((next, { a }) => next(a, { foreach: items() }));
    const set = new Set(['x']);
    const fixed = await said((next, { a }) => {
      next(a, { foreach: set });
      set.add('late');
    });
    expect([generated.transition, fixed.transition, asked]).toMatchObject([{ items: [1, 2] }, { items: ['x'] }, 1]);
  });

  test('goes on without items when that is allowed', async () => {
    const { transition } = await said((next, { a }) => next(a, { foreach: [], allowEmpty: true }));
    expect(transition).toEqual({ kind: 'foreach', steps: ['a'], items: [], allowEmpty: true });
  });

  test('takes as many items as are allowed', async () => {
    const { transition } = await said((next, { a }) => next(a, { foreach: [1, 2] }), { maxNumSplits: 2 });
    expect(transition).toMatchObject({ items: [1, 2] });
  });

  test('says how many items are too many', async () => {
    for (const foreach of [[1, 2, 3], new Set([1, 2, 3])]) {
      await expect(said((next, { a }) => next(a, { foreach }), { maxNumSplits: 2 })).rejects.toMatchObject({
        code: 'FLOW_DEFINITION',
        message:
          'the foreach of step start has 3 items, more than the 2 that are allowed\n' +
          'Raise the limit with --max-num-splits, or go over fewer.',
      });
    }
  });

  test('leaves an iterable that goes on for ever behind the allowed number of items', async () => {
    let given = 0;
    let isClosed = false;
    function* numbers(): Generator<number> {
      try {
        for (;;) yield (given += 1);
      } finally {
        isClosed = true;
      }
    }
    const saying = said((next, { a }) => next(a, { foreach: numbers() }), { maxNumSplits: 2 });
    await expect(saying).rejects.toThrow('the foreach of step start has more than the 2 items that are allowed');
    expect([given, isClosed]).toEqual([3, true]);
  });

  test('refuses a foreach without items', async () => {
    await expect(said((next, { a }) => next(a, { foreach: [] }))).rejects.toMatchObject({
      code: 'FLOW_DEFINITION',
      message:
        'The foreach from step start of Flow to a has no items\n' +
        'See that it has some, or say { foreach, allowEmpty: true } to go on to the join with no inputs.',
    });
  });

  test.for([
    ['text', 'yes', 'yes'],
    ['a number', 1, '1'],
    ['a boolean', true, 'true'],
  ] as const)('takes the case that its condition, %s, is as text', async ([, condition, taken]) => {
    const { transition } = await said((next, { a, b }) => next({ [taken]: a, other: b }, { condition }));
    expect(transition).toEqual({ kind: 'switch', steps: ['a'], case: taken });
  });

  test('refuses a condition for which there is no case, naming the cases', async () => {
    const unknown = said((next, { a, b }) => next({ yes: a, no: b }, { condition: 'toString' }));
    await expect(unknown).rejects.toThrow(
      new RangeError(
        'The condition in step start of Flow is "toString", for which there is no case\nAdd one; the cases are: yes, no.',
      ),
    );
  });
});

describe('next refuses', () => {
  test.for<[string, (next: Next, steps: { readonly a: Step; readonly b: Step }) => void, string]>([
    ['no argument', (next) => next(), 'was given nothing'],
    ['a step twice', (next, { a, b }) => next(a, b, a), 'was given step a twice'],
    ['a name among steps', (next, { a }) => next(a, 'b'), 'was given what is no step of the flow'],
    ['two steps with foreach', (next, { a, b }) => next(a, b, { foreach: [1] }), 'was given 2 steps with foreach'],
    [
      'a foreach over what is not iterable',
      (next, { a }) => next(a, { foreach: 3 }),
      'was given number for foreach, which cannot be iterated',
    ],
    ['a foreach over nothing', (next, { a }) => next(a, { foreach: undefined }), 'was given undefined for foreach'],
    ['an option that there is not', (next, { a }) => next(a, { foreach: [1], each: 1 }), 'was given an option each'],
    ['options without foreach', (next, { a }) => next(a, {}), 'was given options without foreach'],
    ['a condition without cases', (next, { a }) => next(a, { condition: 'x' }), 'was given a condition without cases'],
    ['cases without a condition', (next, { a, b }) => next({ a, b }), 'was given cases without a condition'],
    ['cases with foreach', (next, { a, b }) => next({ a, b }, { foreach: [1] }), 'was given cases with foreach'],
    ['no cases', (next) => next({}, { condition: 'a' }), 'was given no case, and a switch has at least two'],
    [
      'one case',
      (next, { a }) => next({ a }, { condition: 'a' }),
      'was given one case, a, and a switch has at least two',
    ],
    ['a case that is no step', (next, { a }) => next({ a, b: 'b' }, { condition: 'a' }), 'was given what is no step'],
    [
      'a condition that is no plain value',
      (next, { a, b }) => next({ a, b }, { condition: undefined }),
      'was given undefined for a condition\nGive it a string, a number or a boolean that is one of the cases: a, b.',
    ],
  ])('%s', async ([, call, message]) => {
    const refused = said(call);
    await expect(refused).rejects.toThrow(TypeError);
    await expect(refused).rejects.toThrow(`this.next() in step start of Flow ${message}`);
  });
});

test('a step gets its item as the argument', async () => {
  class Each extends FlowSpec {
    seen = '';
    start = step(() => this.next(this.work, { foreach: ['x'] }));
    work = step((title: string) => {
      this.seen = title;
      this.next(this.end);
    });
    end = step();
  }
  const task = createTask(Each, { parameters: {}, inherited: [], load: () => undefined, item: { value: 'x' } });
  await task.run('work');
  expect(task.fields()).toEqual([{ name: 'seen', origin: 'assigned', value: 'x' }]);
});
