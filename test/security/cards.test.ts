import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cardHtml } from '../../src/engine/cards/card-html.ts';
import { CardText } from '../../src/engine/cards/card-text.ts';
import { barChart } from '../../src/flow/cards/bar-chart.ts';
import { image } from '../../src/flow/cards/image.ts';
import { lineChart } from '../../src/flow/cards/line-chart.ts';
import { markdown } from '../../src/flow/cards/markdown.ts';
import { table } from '../../src/flow/cards/table.ts';
import { value } from '../../src/flow/cards/value.ts';
import { htmlTags } from '../html-tags.ts';
import { many } from './many.ts';

/** Words of HTML, of Markdown and of what a browser makes of both. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '<script>',
        '</script>',
        '<img src=x onerror=alert(1)>',
        '</style>',
        '</title>',
        '<!--',
        '-->',
        ']]>',
        '<svg onload=x>',
        '<a href="javascript:x">',
      ),
      fc.constantFrom(
        'javascript:alert(1)',
        'JaVaScRiPt&colon;x',
        '&#106;avascript:x',
        'data:text/html,<script>',
        'vbscript:x',
        'java\nscript:x',
        'file:///etc/passwd',
        '//x.org',
      ),
      fc.constantFrom(
        '[',
        '](',
        ')',
        '![',
        '<',
        '>',
        '"',
        "'",
        '`',
        '\n\n',
        '\n',
        '    ',
        '- ',
        '# ',
        '|',
        '---',
        '***',
        '~~~html\n',
        '&lt;',
        '&#60;',
        '&',
        '\\',
        '[x]: ',
      ),
      fc.constantFrom('" onmouseover="x', "' onfocus='x", '="x"', '\0', '\u2028', '\u001B[31m', 'x'),
      fc.string({ maxLength: 5 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

const component = fc.oneof(
  hostile.map((text) => markdown(text)),
  hostile.map((text) => value(text, { label: text })),
  fc.tuple(hostile, hostile).map(([one, other]) =>
    table(
      [
        [one, 1],
        [other, 2],
      ],
      { title: one, columns: [other, one] },
    ),
  ),
  hostile.map((alt) => image(new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), { alt })),
  hostile.map((text) =>
    barChart({ title: text, xLabel: text, yLabel: text, labels: [text, 'b'], series: { [text]: [1, 2] } }),
  ),
  hostile.map((text) => lineChart({ title: text, xLabel: text, yLabel: text, series: { [text]: [1, 2], b: [3, 4] } })),
);

const ATTRIBUTES =
  /^(?:href|src|alt|title|rel|class|lang|charset|http-equiv|content|name|datetime|data-language|start|type|checked|disabled|align|role|aria-\w+|viewBox|width|height|x|y|x1|x2|y1|y2|d|r|cx|cy|points|transform|fill|text-anchor|dominant-baseline|preserveAspectRatio)$/;
const TAGS =
  /^(?:html|head|meta|title|style|body|main|p|h[1-6]|dl|dt|dd|span|time|table|caption|thead|tbody|tr|th|td|code|pre|div|figure|figcaption|a|img|em|strong|del|ul|ol|li|input|blockquote|br|hr|svg|g|rect|line|path|polyline|circle|text|tspan|title|desc)$/;

test('whatever a card shows, its HTML runs nothing, loads nothing and leads nowhere but to the web', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(component, { maxLength: 4 }), hostile, hostile, async (components, one, other) => {
      const { html } = await cardHtml(
        { id: other, type: 'default' },
        {
          subject: {
            flow: 'Sample',
            runId: '1',
            step: one,
            taskId: '3',
            attempt: 0,
            user: one,
            tags: [other, one],
            startedAt: 0,
            durationMs: 1,
            parameters: { [one]: other },
            exception: { name: one, message: other, stack: one },
            artifacts: [{ name: one, type: other, sizeBytes: 1, sha256: '' }],
            preview: () => ({ value: { [one]: new Map([[other, one]]) } }),
          },
          components,
          text: new CardText([]),
        },
      );
      const tags = htmlTags(html);
      for (const { name, attributes } of tags) {
        expect(name).toMatch(TAGS);
        for (const [key, text] of Object.entries(attributes)) {
          expect(`${name} ${key}`).toMatch(new RegExp(ATTRIBUTES.source.replace('^', `^${name} `)));
          if (key === 'href') expect(text).toMatch(/^(?:https?|mailto):/i);
          if (key === 'src')
            expect(text).toMatch(/^data:image\/(?:png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=]*$/);
        }
      }
      expect(tags.filter(({ name }) => name === 'style' || name === 'script')).toStrictEqual([]); // the card's own is taken out
      expect(html.match(/<style>/g)).toHaveLength(1);
      expect(html.indexOf('Content-Security-Policy')).toBeLessThan(html.indexOf('<title>'));
      expect(html).toContain(`content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"`);
    }),
    many(300),
  );
});
