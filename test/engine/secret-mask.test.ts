import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SecretMask } from '../../src/engine/secret-mask.ts';
import { SecretSearch } from '../../src/engine/secret-search.ts';
import { encodeText, encodeValue } from '../../src/store/encoding.ts';

test('secrets in a text become as many asterisks, the longer one first', () => {
  const mask = new SecretMask(['abcd', 'abcdef']);
  expect(mask.text('x abcdef y abcd z')).toBe('x ****** y **** z');
});

test('each line of a secret of several lines is hidden, but not a brace', () => {
  const mask = new SecretMask(['{\n  "key": "value"\n}']);
  expect(mask.text('  "key": "value"')).toBe(`  ${'*'.repeat('"key": "value"'.length)}`);
  expect(mask.text('if (x) { y }')).toBe('if (x) { y }');
});

test('a secret of fewer than four characters hides nothing', () => {
  const mask = new SecretMask(['', 'abc']);
  expect(mask.isEmpty).toBe(true);
  expect(mask.text('abc as it was')).toBe('abc as it was');
});

test('what is found in bytes is what is found in text, umlauts included', () => {
  const mask = new SecretMask(['größe', 'lo we']);
  const bytes = Buffer.from('die größe, hallo welt, größe');
  for (const { start, length } of mask.find(bytes)) bytes.fill('*', start, start + length);
  expect(bytes.toString()).toBe('die *******, hal*****lt, *******');
});

test('no secret is left in a masked text, wherever it stands', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ minLength: 4 }), { minLength: 1, maxLength: 3 }),
      fc.string(),
      fc.string(),
      (secrets, before, after) => {
        fc.pre(secrets.every((secret) => !secret.includes('*')));
        const mask = new SecretMask(secrets);
        for (const secret of secrets) expect(mask.text(before + secret + after)).not.toContain(secret);
      },
    ),
  );
});

test('what is no string is masked as it shows', () => {
  const mask = new SecretMask(['a\\b\\c']);
  expect(mask.text({ key: 'a\\b\\c' })).toBe("{ key: '*******' }");
  expect(mask.text(undefined)).toBe('undefined');
});

describe('a secret', () => {
  const secret = fc
    .string({ minLength: 1, unit: fc.constantFrom('\\', '"', "'", '`', '<', '&', '\n', '\u2028', '\u001B', 'a', 'ß') })
    .map((text) => `x${text}yz`);
  const shown: readonly ((text: string) => string)[] = [
    (text) => inspect({ text }, { breakLength: Infinity }),
    (text) => inspect([`${text}"'`]),
    (text) => inspect([`${text}'`]),
    (text) => JSON.stringify({ text }),
    (text) => inspect({ json: JSON.stringify({ text }) }, { breakLength: Infinity }),
    (text) => JSON.stringify({ json: JSON.stringify({ text }) }),
  ];

  test('is hidden in the text and the bytes of whatever shows it with escapes', () => {
    fc.assert(
      fc.property(secret, fc.constantFrom(...shown), (text, show) => {
        const mask = new SecretMask([text]);
        const escaped = show(text);
        const bytes = Buffer.from(escaped);
        for (const { start, length } of mask.find(bytes)) bytes.fill('*', start, start + length);
        for (const masked of [mask.text(escaped), bytes.toString()]) {
          for (const line of text.split('\n').filter((one) => one.trim() === one && one.length >= 4)) {
            expect(masked).not.toContain(line);
            expect(masked).not.toContain(JSON.stringify(line).slice(1, -1));
          }
          expect(masked).not.toContain(JSON.stringify(text).slice(1, -1));
        }
      }),
    );
  });

  test('is found in every place where the encoder can put it', () => {
    const places = (text: string) => [text, { [text]: 1 }, new Map([[text, 1]]), new Error(`no ${text}!`), [[text]]];
    fc.assert(
      fc.property(secret, fc.nat(4), (text, place) => {
        const search = new SecretSearch([text]);
        const value = places(text)[place];
        const whole = encodeValue(value);
        const item = encodeText(value);
        if (whole.kind === 'refused' || item.kind === 'refused') throw new Error('it could not be stored');
        expect(() => search.refuse('it', whole.parts)).toThrow('it cannot be stored: it holds a secret');
        expect(() => search.refuse('it', [Buffer.from(item.text)])).toThrow('it cannot be stored: it holds a secret');
      }),
    );
  });
});
