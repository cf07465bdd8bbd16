import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { product } from '../../src/runner/product.ts';
import { zip } from '../../src/runner/zip.ts';

const axes = fc.dictionary(fc.string(), fc.array(fc.integer(), { maxLength: 4 }), { minKeys: 1, maxKeys: 4 });

describe('product', () => {
  test('combines every value with every other, the last name changing fastest', () => {
    expect([...product({ lr: [0.1, 0.01], depth: [3, 5] })]).toEqual([
      { lr: 0.1, depth: 3 },
      { lr: 0.1, depth: 5 },
      { lr: 0.01, depth: 3 },
      { lr: 0.01, depth: 5 },
    ]);
  });

  test('is what nested loops make, whatever the lists', () => {
    fc.assert(
      fc.property(axes, (lists) => {
        let expected: [string, number][][] = [[]];
        for (const [name, values] of Object.entries(lists)) {
          expected = expected.flatMap((row) => values.map((value): [string, number][] => [...row, [name, value]]));
        }
        expect([...product(lists)]).toEqual(expected.map((row) => Object.fromEntries(row)));
      }),
    );
  });

  test('makes no rows of an empty list, and one empty row of no lists', () => {
    expect([...product({ lr: [0.1], depth: [] })]).toEqual([]);
    expect([...product({})]).toEqual([{}]);
  });

  test('takes any iterable, and can be iterated over again although that one cannot', () => {
    const once = [1, 2].values();
    const rows = product({ n: once, mode: new Set(['fast']) });
    const expected = [
      { n: 1, mode: 'fast' },
      { n: 2, mode: 'fast' },
    ];
    expect([...rows]).toEqual(expected);
    expect([...rows]).toEqual(expected);
  });

  test('makes a row only when it is asked for', () => {
    const thousand = Array.from({ length: 1000 }, (_, n) => n);
    const rows = product({ a: thousand, b: thousand, c: thousand, d: thousand, e: thousand });
    expect(rows[Symbol.iterator]().next().value).toEqual({ a: 0, b: 0, c: 0, d: 0, e: 0 });
  });

  test.each([
    ['a string', { mode: 'fast' }, 'product takes a list for mode, and was given "fast"\nWrite ["fast"].'],
    ['a number', { mode: 5 }, 'product takes a list for mode, and was given 5\nWrite [5].'],
  ])('refuses %s, which is no list', (_, wrong: object, message) => {
    expect(() => product(wrong)).toThrow(new TypeError(message));
  });
});

describe('zip', () => {
  test('takes the values side by side', () => {
    const rows = zip({ lr: [0.1, 0.01].values(), depth: new Set([3, 5]) });
    const expected = [
      { lr: 0.1, depth: 3 },
      { lr: 0.01, depth: 5 },
    ];
    expect([...rows]).toEqual(expected);
    expect([...rows]).toEqual(expected);
  });

  test('gives back every list, whatever the lists', () => {
    const rows = fc.array(fc.tuple(fc.integer(), fc.string()));
    fc.assert(
      fc.property(rows, (pairs) => {
        const zipped = [...zip({ n: pairs.map(([n]) => n), text: pairs.map(([, text]) => text) })];
        expect(zipped.map(({ n, text }) => [n, text])).toEqual(pairs);
      }),
    );
  });

  test('says how long the lists are when they are not equally long', () => {
    expect(() => zip({ lr: [0.1, 0.01], depth: [3], seed: [] })).toThrow(RangeError);
    expect(() => zip({ lr: [0.1, 0.01], depth: [3], seed: [] })).toThrow('lr has 2, depth has 1, seed has 0 values');
  });
});
