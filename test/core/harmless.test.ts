import fc from 'fast-check';
import { expect, test } from 'vitest';
import { harmless, harmlessJson } from '../../src/core/harmless.ts';

test('what a terminal would obey is written out', () => {
  expect(harmless('\u001B]0;title\u0007 \u009B2J \u202Etxt.exe\u2028\r\n')).toBe(
    String.raw`\x1b]0;title\x07 \x9b2J \u202etxt.exe\u2028\r\n`,
  );
  expect(harmless('one\n\ttwo\r', '\n\t')).toBe('one\n\ttwo\\r');
});

test('nothing that a terminal obeys is left of any text, and nothing else changes', () => {
  const text = fc.string({
    unit: fc.oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
      fc.constantFrom('\u001B', '\u202E', 'é', '🙂'),
    ),
  });
  fc.assert(
    fc.property(text, (given) => {
      expect(harmless(given)).not.toMatch(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/u);
      expect(harmless(given, '\n')).not.toMatch(/(?!\n)\p{Cc}/u);
      if (!/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb]/u.test(given))
        expect(harmless(given)).toBe(given);
    }),
  );
});

test('JSON that was made harmless is the same JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      const json = harmlessJson(value);
      expect(json).not.toMatch(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/u);
      expect(JSON.parse(json)).toStrictEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
