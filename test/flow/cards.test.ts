import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { barChart } from '../../src/flow/cards/bar-chart.ts';
import { image } from '../../src/flow/cards/image.ts';
import { lineChart } from '../../src/flow/cards/line-chart.ts';
import { markdown } from '../../src/flow/cards/markdown.ts';
import { table } from '../../src/flow/cards/table.ts';
import { value } from '../../src/flow/cards/value.ts';
import { card } from '../../src/flow/decorators/card.ts';
import { temporaryFolder } from '../temporary-folder.ts';

describe('markdown', () => {
  test('takes away the indentation of a text that begins with a line break', () => {
    expect(markdown('\n      # Hi\n\n        code\n      text\n    ').text).toBe('\n# Hi\n\n  code\ntext\n');
  });

  test('leaves any other text as it is', () => {
    expect(markdown('- a\n  - b').text).toBe('- a\n  - b');
  });

  test('refuses what is no string', () => {
    expect(() => markdown(5 as unknown as string)).toThrow(
      'markdown() takes a string and was given number\nShow other values with value().',
    );
  });
});

describe('table', () => {
  test('has the fields of all objects as columns', () => {
    expect(
      table([
        { a: 1, b: 'x' },
        { a: 2n, c: null },
      ]),
    ).toMatchObject({
      columns: ['a', 'b', 'c'],
      rows: [
        [1, 'x', ''],
        ['2', '', ''],
      ],
      hiddenRows: 0,
    });
  });

  test('shows the columns that are named, in their order', () => {
    const rows = [{ a: 1, b: new Date(0), c: { d: [1] } }];
    expect(table(rows, { columns: ['c', 'b'] })).toMatchObject({
      columns: ['c', 'b'],
      rows: [['{ d: [ 1 ] }', '1970-01-01T00:00:00.000Z']],
    });
  });

  test('takes arrays from anything that can be gone through, with headings or without', () => {
    expect(table(new Map([['the', 3]]))).toMatchObject({ columns: undefined, rows: [['the', 3]] });
    expect(table([['the', true]], { columns: ['word', 'common'] })).toMatchObject({
      columns: ['word', 'common'],
      rows: [['the', 'true']],
    });
  });

  test('shows the first rows of many', () => {
    const rows = Array.from({ length: 1003 }, (_, index) => [index]);
    expect(table(rows)).toMatchObject({ hiddenRows: 3 });
    const { rows: shown, hiddenRows } = table(rows, { maxRows: 2 });
    expect([shown, hiddenRows]).toEqual([[[0], [1]], 1001]);
  });

  test.each([
    ['text', ['a'], /row 0 is 'a'\nWrite table\(/],
    ['nothing', [[1], null], /row 1 is null\n/],
    ['rows of two kinds', [[1], { a: 1 }], /arrays and objects as rows\nGive rows of one kind/],
  ])('refuses %s', (_, rows, message) => {
    expect(() => table(rows as object[])).toThrow(message);
  });

  test('has the columns it is given when there are no rows', () => {
    expect(table([], { columns: ['a'] })).toMatchObject({ columns: ['a'], rows: [] });
  });
});

describe('image', () => {
  test.each([
    ['image/png', '\x89PNG\r\n\x1a\n…'],
    ['image/jpeg', '\xff\xd8\xff\xe0'],
    ['image/gif', 'GIF89a'],
    ['image/webp', 'RIFF\x00\x10\x00\x00WEBPVP8 '],
    ['image/svg+xml', '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['image/svg+xml', '  <svg>'],
  ])('knows %s by its first bytes', (type, start) => {
    expect(image(Buffer.from(start, 'latin1'), { alt: 'x' }).type).toBe(type);
  });

  test('keeps the bytes as they were when it was made', () => {
    const bytes = Buffer.from('GIF89a');
    const made = image(bytes, { alt: 'x' });
    bytes.fill(0);
    expect(Buffer.from(made.bytes).toString()).toBe('GIF89a');
  });

  test('reads a file', () => {
    using folder = temporaryFolder();
    writeFileSync(folder.file('a.gif'), 'GIF89a');
    expect(image(folder.file('a.gif'), { alt: 'x' })).toMatchObject({ type: 'image/gif' });
  });

  test('refuses what is no image, and HTML that is said to be one', () => {
    expect(() => image(Buffer.from('<html><svg>'), { alt: 'page' })).toThrow(
      'the image "page" is none that image() knows\nGive one of these types: image/png,',
    );
    expect(() => image(Buffer.from('x'), { alt: 'page', type: 'text/html' as 'image/png' })).toThrow(
      'the image "page" is said to be text/html\n',
    );
  });

  test('refuses what is too large, without reading it', () => {
    expect(() => image(new Uint8Array(10_000_001), { alt: 'map' })).toThrow(
      'the image "map" has 10000001 bytes, and an image in a card may have 10000000\n',
    );
    using folder = temporaryFolder();
    writeFileSync(folder.file('map.png'), new Uint8Array(10_000_001));
    expect(() => image(folder.file('map.png'), { alt: 'map' })).toThrow(/map\.png has 10000001 bytes/);
  });
});

describe('charts', () => {
  test('take typed arrays, and gaps for what is no number', () => {
    expect(lineChart({ y: Float32Array.of(1, NaN, Infinity) }).series).toEqual([
      { name: undefined, values: [1, NaN, NaN] },
    ]);
    expect(barChart({ labels: [1, 'b'], series: { a: [null, undefined], b: [0, 1] } })).toMatchObject({
      labels: ['1', 'b'],
      series: [
        { name: 'a', values: [NaN, NaN] },
        { name: 'b', values: [0, 1] },
      ],
    });
  });

  test('refuse lists that do not belong together', () => {
    expect(() => barChart({ labels: ['a', 'b'], values: [1] })).toThrow('barChart() was given 2 labels and 1 values\n');
    expect(() => lineChart({ x: [1, 2], series: { loss: [1] } })).toThrow(
      'lineChart() was given 2 numbers for x and 1 for loss\n',
    );
  });

  test('refuse what is no list of numbers', () => {
    expect(() => lineChart({})).toThrow('lineChart() takes either one list of numbers or series\n');
    expect(() => lineChart({ y: [1], series: {} })).toThrow('lineChart() takes either one list of numbers or series\n');
    expect(() => lineChart({ y: ['1'] as unknown as number[] })).toThrow(
      'lineChart() takes numbers and was given a string\n',
    );
    expect(() => lineChart({ y: 5 as unknown as number[] })).toThrow(
      'lineChart() takes lists of numbers and was given number\n',
    );
  });
});

describe('value', () => {
  test('shows the value as it is when it is made', () => {
    const scores = { a: [1, 2] };
    const made = value(scores, { label: 'Scores' });
    scores.a.push(3);
    expect(made).toMatchObject({ label: 'Scores', text: '{ a: [ 1, 2 ] }', maxLength: 1000 });
  });

  test('holds not much more of a large one than is shown', () => {
    expect(value('x'.repeat(1_000_000)).text.length).toBeLessThan(10_000);
  });

  test('refuses a length that is none', () => {
    expect(() => value(1, { maxLength: 0 })).toThrow(RangeError);
  });
});

test('card refuses an id that could not be part of a file name', () => {
  expect(() => card({ id: '../x' })).toThrow('card() cannot have the id "../x"\nUse letters, digits, "_" and "-"');
});
