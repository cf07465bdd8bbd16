import { expect, test } from 'vitest';
import { parsePathspec } from '../../src/core/pathspec.ts';

test.each([
  ['Train', 'Say which run, as in Train/1763719200123456.'],
  ['Train/1/start', 'Leave out what follows Train/1.'],
  ['', 'A part has letters, digits, "_", "." and "-", as in SlowFlow/1763719200123456/start/1.'],
  ['../etc', 'A part has letters, digits, "_", "." and "-", as in SlowFlow/1763719200123456/start/1.'],
])('%j as the pathspec of a run is refused with what to do', (text, advice) => {
  expect(() => parsePathspec(text, 'run')).toThrow(
    `${JSON.stringify(text)} is not a pathspec: expected flow/run\n${advice}`,
  );
});

test('what is longer than any pathspec is refused with where it has to end', () => {
  expect(() => parsePathspec('Train/1/start/2/x')).toThrow('Leave out what follows Train/1/start/2.');
});
