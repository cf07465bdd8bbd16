import { afterEach, expect, test } from 'vitest';
import { TaskCards } from '../../src/engine/task-cards.ts';
import { current, enterTask, leaveTask, type CurrentTask } from '../../src/flow/current.ts';

const TASK: CurrentTask = {
  flowName: 'SlowFlow',
  runId: '1763719200123456',
  stepName: 'start',
  taskId: '1',
  retryCount: 0,
  originRunId: undefined,
  username: 'ada',
  tags: ['demo'],
  index: undefined,
  foreachStack: [],
  signal: () => AbortSignal.abort(),
  tempdir: () => '/tmp/task',
  card: new TaskCards({ step: 'start', cards: [] }),
};

afterEach(leaveTask);

test('current tells of the task that was entered', () => {
  enterTask(TASK);
  const { pathspec, tags, retryCount, signal, tempdir } = current;
  expect({ pathspec, tags, retryCount, tempdir }).toEqual({
    pathspec: 'SlowFlow/1763719200123456/start/1',
    tags: ['demo'],
    retryCount: 0,
    tempdir: '/tmp/task',
  });
  expect(signal.aborted).toBe(true);
});

test('current tells of the foreach transitions around the task, the innermost last', () => {
  const foreachStack = [
    { index: 0, count: 2, value: 'a' },
    { index: 1, count: 3, value: { depth: 2 } },
  ];
  enterTask({ ...TASK, index: 1, foreachStack });
  expect(current.foreachStack).toEqual(foreachStack);
});

test('current tells of no foreach outside one', () => {
  enterTask(TASK);
  expect([current.foreachStack, current.index]).toEqual([[], undefined]);
});

test('current asks for a signal only when the step does', () => {
  let asked = 0;
  enterTask({ ...TASK, signal: () => ((asked += 1), AbortSignal.abort()) });
  void current.stepName;
  expect(asked).toBe(0);
  void current.signal;
  expect(asked).toBe(1);
});

test('current throws when no task is running', () => {
  enterTask(TASK);
  leaveTask();
  expect(() => current.pathspec).toThrow(
    'current.pathspec is not known here: no task is running in this process\n' +
      'Read it in the body of a step, not in a field initialiser or while the module is loaded.',
  );
});
