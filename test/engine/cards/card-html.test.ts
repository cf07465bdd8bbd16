import { describe, expect, test } from 'vitest';
import { cardHtml, type CardSubject } from '../../../src/engine/cards/card-html.ts';
import { CardText } from '../../../src/engine/cards/card-text.ts';
import { barChart } from '../../../src/flow/cards/bar-chart.ts';
import type { CardComponent } from '../../../src/flow/cards/component.ts';
import { image } from '../../../src/flow/cards/image.ts';
import { lineChart } from '../../../src/flow/cards/line-chart.ts';
import { markdown } from '../../../src/flow/cards/markdown.ts';
import { table } from '../../../src/flow/cards/table.ts';
import { value } from '../../../src/flow/cards/value.ts';
import { htmlTags } from '../../html-tags.ts';

const SUBJECT: CardSubject = {
  flow: 'Sample',
  runId: '1763719200123456',
  step: 'train',
  taskId: '3',
  attempt: 1,
  user: 'ada',
  tags: ['nightly'],
  startedAt: Date.UTC(2026, 10, 21, 10, 0, 0),
  durationMs: 83_400,
  parameters: { epochs: 3 },
  exception: undefined,
  artifacts: [{ name: 'model', type: 'Map', sizeBytes: 2500, sha256: '' }],
  preview: () => ({ value: new Map([['a', 1]]) }),
};

async function render(
  components: readonly CardComponent[],
  {
    type = 'default',
    subject = {},
    secrets = [],
  }: { type?: 'default' | 'blank'; subject?: Partial<CardSubject>; secrets?: readonly string[] } = {},
) {
  const text = new CardText(secrets);
  return cardHtml({ id: 'default', type }, { subject: { ...SUBJECT, ...subject }, components, text });
}

test('a default card tells what the task was, what was appended, and what the task left', async () => {
  const { html, problems } = await render([markdown('**Hello**')]);
  expect(problems).toEqual([]);
  const facts = [...html.matchAll(/<dt>(\w+)<\/dt><dd>(.*?)<\/dd>/g)].map(([, name, text = '']) => [
    name,
    text.replaceAll(/<[^>]+>/g, ''),
  ]);
  expect(Object.fromEntries(facts)).toEqual({
    Flow: 'Sample',
    Run: '1763719200123456',
    Step: 'train',
    Task: '3',
    Attempt: '1',
    Status: 'successful',
    Started: '2026-11-21 10:00:00 UTC',
    Took: '1 min 23 s',
    User: 'ada',
    Tags: 'nightly',
  });
  const places = ['<td>epochs</td>', '<strong>Hello</strong>', '<td>model</td><td>Map</td>'].map((part) =>
    html.indexOf(part),
  );
  expect(places).not.toContain(-1);
  expect(places).toEqual(places.toSorted((one, other) => one - other));
  expect(html).toContain('<td class="number">2.5 kB</td>');
  expect(html).toContain('<code>Map(1) { &#39;a&#39; =&gt; 1 }</code>');
});

test('a card of a failed task has the error', async () => {
  const exception = { name: 'TypeError', message: 'no <b>', stack: '    at train (flow.ts:3:1)' };
  const { html } = await render([], { subject: { exception, artifacts: [] } });
  expect(html).toContain('<span class="failed">failed</span>');
  expect(html).toContain('<pre>TypeError: no &lt;b&gt;\n    at train (flow.ts:3:1)</pre>');
  expect(html).not.toContain('Artifacts');
});

test('a blank card has what was appended and nothing else', async () => {
  const { html } = await render([markdown('only this')], { type: 'blank' });
  const [, body] = /<main>\n([^]*)\n<\/main>/.exec(html) ?? [];
  expect(body?.trim()).toBe('<div class="markdown"><p>only this</p>\n</div>');
});

test('a card is one document without scripts, that loads nothing and weighs little', async () => {
  const { html } = await render([]);
  expect(Buffer.byteLength(html)).toBeLessThan(10_000);
  const tags = htmlTags(html);
  expect(tags.map(({ name }) => name)).not.toContain('script');
  expect(tags.filter(({ attributes }) => 'src' in attributes || 'href' in attributes)).toEqual([]);
  expect(html).not.toMatch(/url\(|@import/);
  expect(html).toMatch(/prefers-color-scheme:dark/);
  expect(html).toContain(`content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"`);
});

test('text is text, wherever it stands', async () => {
  const evil = `</pre></title><script>alert(1)</script><img src=x onerror="y">' "`;
  const { html } = await render(
    [
      table([{ [evil]: evil }], { title: evil }),
      value(evil, { label: evil }),
      image(Buffer.from('GIF89a'), { alt: evil }),
      barChart({ title: evil, labels: [evil], values: [1] }),
    ],
    {
      subject: {
        flow: evil,
        runId: evil,
        step: evil,
        user: evil,
        tags: [evil],
        parameters: { [evil]: evil },
        exception: { name: evil, message: evil, stack: evil },
        artifacts: [{ name: evil, type: evil, sizeBytes: 1, sha256: '' }],
        preview: () => ({ value: evil }),
      },
    },
  );
  const tags = htmlTags(html);
  expect(tags.map(({ name }) => name)).not.toContain('script');
  expect(tags.filter(({ name }) => name === 'img')).toHaveLength(1);
  expect(tags.flatMap(({ attributes }) => Object.keys(attributes))).not.toContain('onerror');
});

test('an image is part of the card', async () => {
  const { html } = await render([image(Buffer.from('GIF89a'), { alt: 'six bytes' })]);
  const tag = htmlTags(html).find(({ name }) => name === 'img');
  expect(tag?.attributes).toEqual({ src: 'data:image/gif;base64,R0lGODlh', alt: 'six bytes' });
});

test('numbers of a table stand on the right, and rows that are not shown are counted', async () => {
  const { html } = await render([
    table(
      [
        [1, 'a'],
        [2, 'b'],
      ],
      { maxRows: 1 },
    ),
  ]);
  expect(html).toContain('<td class="number">1</td><td>a</td>');
  expect(html).toContain('<p class="note">and 1 more row</p>');
});

test('a value is cut where it is said', async () => {
  const { html } = await render([value('x'.repeat(50), { maxLength: 10 })]);
  expect(html).toContain('<pre>&#39;xxxxxxxxx…</pre>');
});

test('what cannot be shown is told in its place, and the rest is there', async () => {
  const broken = { ...markdown('x'), text: undefined } as unknown as CardComponent;
  const preview = () => {
    throw new Error('the disk is <gone>');
  };
  const { html, problems } = await render([markdown('before'), broken, markdown('after')], { subject: { preview } });
  expect(problems).toEqual([
    expect.stringMatching(/^component 2 \(markdown\) could not be shown: /),
    'the artifacts could not be shown: the disk is <gone>',
  ]);
  for (const part of ['<p>before</p>', '<p>after</p>', 'class="problem">component 2', 'the disk is &lt;gone&gt;']) {
    expect(html).toContain(part);
  }
});

describe('a secret is hidden', () => {
  const secrets = ['s3cr&t<"\\x', 'first line\nsecond line'];
  const [secret = '', lines = ''] = secrets;
  const leaks = [secret, 's3cr&amp;t', 's3cr', 'first line', 'second line'];

  test.each<[string, readonly CardComponent[], Partial<CardSubject>]>([
    ['in Markdown', [markdown(`# ${secret}\n\n\`${secret}\`\n\n${lines}`)], {}],
    ['in a link', [markdown(`[x](https://example.org/?${secret})`)], {}],
    ['in a table', [table([{ [secret]: secret, deep: { secret, lines } }])], {}],
    ['in a value', [value({ secret, lines }), value(secret, { label: secret })], {}],
    ['where a value is cut', [value(`${'x'.repeat(95)}${secret}`, { maxLength: 100 })], {}],
    [
      'in charts',
      [barChart({ labels: [secret], values: [1] }), lineChart({ title: lines, series: { [secret]: [1] } })],
      {},
    ],
    ['in an error', [], { exception: { name: 'Error', message: `no ${secret}`, stack: lines } }],
    ['in parameters', [], { parameters: { key: secret, lines } }],
    ['in an artifact', [], { preview: () => ({ value: { secret, lines } }) }],
    ['where the preview of an artifact is cut', [], { preview: () => ({ value: 'x'.repeat(116) + secret }) }],
  ])('%s', async (_, components, subject) => {
    const { html } = await render(components, { secrets, subject });
    expect(html).toContain('***');
    for (const leak of leaks) expect(html).not.toContain(leak);
  });

  test('in an SVG image', async () => {
    const { html } = await render([image(Buffer.from(`<svg><text>${lines}</text></svg>`), { alt: 'x' })], { secrets });
    const tag = htmlTags(html).find(({ name }) => name === 'img');
    const svg = Buffer.from(tag?.attributes['src']?.split(',')[1] ?? '', 'base64').toString();
    expect(svg).toBe(`<svg><text>${'*'.repeat(lines.length)}</text></svg>`);
  });
});
