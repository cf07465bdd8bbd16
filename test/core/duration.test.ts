import { expect, test } from 'vitest';
import { parseDuration } from '../../src/core/duration.ts';

test.each([
  ['90', 90_000],
  ['1.5', 1500],
  ['250ms', 250],
  ['90s', 90_000],
  ['1.5m', 90_000],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
  [' 5s ', 5000],
])('the time span %j is %i ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['', 's', '-1', '1 h', '5 s', '1e3', '1w', 'NaN', '5m30s'])('%j is no time span', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});
