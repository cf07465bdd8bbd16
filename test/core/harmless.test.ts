import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { harmless, harmlessJson, harmlessLine } from '../../src/core/harmless.ts';

/** Whether a terminal, or the eye, takes some of it for more than text. */
const HARMFUL = /\p{Cc}|\p{Bidi_Control}|[\u2028\u2029]/u;

/** Text in which what is harmful is frequent. */
const text = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '\x1b',
        '\x1b[31m',
        '\x1b[2J',
        '\x1b]0;x\x07',
        '\x9b',
        '\x9b31m',
        '\r',
        '\n',
        '\t',
        '\u202e',
        'm',
        '[',
        '0;',
        '\x1b[m',
      ),
    ),
  )
  .map((parts) => parts.join(''));

describe('harmless', () => {
  test.each([
    ['a\x1b]0;x\x07b', String.raw`a\x1b]0;x\x07b`],
    ['\x1b[2J', String.raw`\x1b[2J`],
    ['\x9b2J', String.raw`\x9b2J`],
    ['one\rtwo\nthree\tfour', String.raw`one\rtwo\nthree\tfour`],
    ['\u202eevil\u2066', String.raw`\u202eevil\u2066`],
    ['grüße 日本 👩‍🚀', 'grüße 日本 👩‍🚀'],
  ])('writes out what is more than text in %j', (from, to) => {
    expect(harmless(from)).toBe(to);
  });

  test('leaves what it is told to keep', () => {
    expect(harmless('a\tb\nc\r', '\t\n')).toBe('a\tb\nc\\r');
  });

  test('leaves nothing harmful in any text, and everything else as it was', () => {
    fc.assert(
      fc.property(text, (from) => {
        expect(harmless(from)).not.toMatch(HARMFUL);
        if (!HARMFUL.test(from) && !/[\ufff9-\ufffb]/.test(from)) expect(harmless(from)).toBe(from);
      }),
    );
  });
});

describe('harmlessLine', () => {
  test('keeps colours, and ends them', () => {
    expect(harmlessLine('\x1b[31mred', { withStyles: true })).toBe('\x1b[31mred\x1b[0m');
    expect(harmlessLine('\x1b[31mred', { withStyles: false })).toBe('red');
  });

  test('lets nothing but colours through, of any text', () => {
    fc.assert(
      fc.property(text, fc.boolean(), (from, withStyles) => {
        const shown = harmlessLine(from, { withStyles });
        const rest = withStyles ? shown.split(/\x1b\[[\d;:]*m/).join('') : shown; // oxlint-disable-line no-control-regex
        expect(rest.replaceAll('\t', '')).not.toMatch(HARMFUL);
        expect(stripVTControlCharacters(shown).replaceAll('\t', '')).not.toMatch(HARMFUL);
      }),
    );
  });
});

describe('harmlessJson', () => {
  test('is the same JSON, without anything harmful', () => {
    fc.assert(
      fc.property(text, (from) => {
        const json = harmlessJson({ [from]: [from] });
        expect(json).not.toMatch(HARMFUL);
        expect(JSON.parse(json)).toEqual({ [from]: [from] });
      }),
    );
  });
});
