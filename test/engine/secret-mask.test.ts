import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SecretMask } from '../../src/engine/secret-mask.ts';

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
