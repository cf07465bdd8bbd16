import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Batch } from '../../src/runner/batch.ts';
import type { Options } from '../../src/runner/option-flags.ts';

/** The tag of the first row of a batch. */
function rowTag(row: Options): string {
  const description = { flow: 'Train', parameters: new Map([['token', { writeOnly: true }]]), required: [] };
  return new Batch('nightly', { description, home: async () => undefined }).rowTag(row);
}

describe('the tag of a row', () => {
  test('is that of every row that gives the flow the same', () => {
    const tag = rowTag({ n: 1, flag: true, grid: { a: 1, b: { c: 2, d: [3] } } });
    expect(tag).toMatch(/^row:[0-9a-f]{16}$/);
    expect(rowTag({ grid: { b: { d: [3], c: 2 }, a: 1 }, flag: 'true', n: '1', other: undefined })).toBe(tag);
  });

  test('is another for other names or values', () => {
    const rows = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(rows, fc.string(), fc.integer(), (row, name, value) => {
        const { [name]: _, ...without } = row;
        const [one, other] = [rowTag({ ...without, [name]: value }), rowTag({ ...without, [name]: value + 1 })];
        expect(new Set([rowTag(without), one, other]).size).toBe(3);
      }),
    );
  });

  test('has nothing of a secret in it', () => {
    expect(rowTag({ n: 1, token: 'abc' })).toBe(rowTag({ n: 1, token: 'xyz' }));
    expect(rowTag({ n: 1, token: 'abc' })).toBe(rowTag({ n: 1 }));
  });
});
