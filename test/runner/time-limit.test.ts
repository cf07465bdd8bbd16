import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { timeLimit } from '../../src/runner/time-limit.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

describe('timeLimit', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  test.each([1, 5, 60 * DAY_MS])('calls once when %d ms have passed', (limitMs) => {
    const end = vi.fn<() => void>();
    using _limit = timeLimit(limitMs, end);
    vi.advanceTimersByTime(limitMs - 1);
    expect(end).not.toHaveBeenCalled();
    vi.advanceTimersByTime(60 * DAY_MS);
    expect(end).toHaveBeenCalledOnce();
  });

  test.each([Infinity, undefined])('sets no timer for %s', (limitMs) => {
    using _limit = timeLimit(limitMs, () => {});
    expect(vi.getTimerCount()).toBe(0);
  });

  test('calls nothing once it is disposed, however long it was', () => {
    const end = vi.fn<() => void>();
    const limit = timeLimit(60 * DAY_MS, end);
    vi.advanceTimersByTime(50 * DAY_MS);
    limit[Symbol.dispose]();
    expect(vi.getTimerCount()).toBe(0);
    expect(end).not.toHaveBeenCalled();
  });

  test.each([-1, NaN])('refuses %d', (limitMs) => {
    expect(() => timeLimit(limitMs, () => {})).toThrow(/not (-1|NaN)\nGive Infinity, or none, for no limit\.$/);
  });
});
