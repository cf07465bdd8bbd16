import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { markdownHtml } from '../../../src/engine/cards/markdown-html.ts';
import { htmlTags } from '../../html-tags.ts';

test('Markdown becomes headings, emphasis, lists, tables and code', () => {
  const html = markdownHtml(
    '# Hi\n\n**bold** _it_ `a<b` [site](https://example.org "t")\n\n- one\n- [x] two\n\n| a | b |\n|--|--:|\n| 1 | 2 |\n\n```ts\nx < 1 && y\n```\n&copy; 1 &lt; 2 & 3',
  );
  for (const part of [
    '<h1>Hi</h1>',
    '<strong>bold</strong> <em>it</em> <code>a&lt;b</code>',
    '<a href="https://example.org" rel="noreferrer" title="t">site</a>',
    '<li>one</li>',
    '<th>a</th>',
    '<pre data-language="ts"><code>x &lt; 1 &amp;&amp; y',
    '&copy; 1 &lt; 2 &amp; 3',
  ]) {
    expect(html).toContain(part);
  }
});

const ATTACKS = [
  '<script>alert(1)</script>',
  'text <img src=x onerror=alert(1)> text',
  '<div onclick="x">\n\n**inside**\n\n</div>',
  '<pre><script>a</script> <b onload=x> </pre>',
  '<style>*{}</style>',
  '<!-- comment --><![CDATA[x]]><?php x ?>',
  '[x](javascript:alert(1))',
  '[x](JaVaScRiPt:alert(1))',
  '[x](java&#10;script:alert(1))',
  '[x](javascript&#58;alert(1))',
  '[x](<java\tscript:alert(1)>)',
  '[x](data:text/html,<script>alert(1)</script>)',
  '[x](vbscript:x)',
  '[x](file:///etc/passwd)',
  '<javascript:alert(1)>',
  '[ref]\n\n[ref]: javascript:alert(1)',
  '![x](https://example.org/pixel.png)',
  '![x](data:text/html;base64,PHNjcmlwdD4=)',
  '![x" onerror="alert(1)](data:image/png;base64,AAAA "t\\" onload=\\"x")',
  '[x](https://example.org/"onmouseover="alert(1))',
  '[x](https://example.org "a\\" onclick=\\"b")',
  '```"><script>\ncode\n```',
  '``` a" onload="x\ncode\n```',
  '`</code><script>`',
  '| <script> |\n|--|\n| <b onclick=x> |',
  '# <img src=x onerror=y>',
  '[<script>](https://example.org)',
  '[![<script>](javascript:x)](javascript:y)',
  '<a href="javascript:x">y</a>',
  '&lt;script&gt; &#60;script&#62;',
];

/** All that Markdown can say; of these, two attributes lead somewhere. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    'p h1 h2 h3 h4 h5 h6 strong em del ul li table thead tbody tr blockquote hr br code'
      .split(' ')
      .map((name) => [name, []]),
  ),
  ol: ['start'],
  th: ['align'],
  td: ['align'],
  pre: ['data-language'],
  a: ['href', 'rel', 'title'],
  img: ['src', 'alt', 'title'],
  input: ['type', 'checked', 'disabled'],
};

function expectHarmless(html: string): void {
  for (const { name, attributes } of htmlTags(html)) {
    expect(Object.keys(ALLOWED)).toContain(name);
    for (const key of Object.keys(attributes)) expect(ALLOWED[name]).toContain(key);
    expect(attributes['href'] ?? 'https://').toMatch(/^(https?|mailto):/i);
    expect(attributes['src'] ?? 'data:image/png;').toMatch(/^data:image\/(png|jpeg|gif|webp|svg\+xml);/);
  }
}

describe('Markdown can say no more than Markdown', () => {
  test.each(ATTACKS)('%j', (attack) => {
    expectHarmless(markdownHtml(attack));
  });

  test('in whatever order things stand', () => {
    const bits = [
      '<',
      '>',
      '"',
      "'",
      '`',
      '[',
      ']',
      '(',
      ')',
      '!',
      '\n',
      '\n\n',
      ' ',
      '\t',
      '&#58;',
      '&lt;',
      '|',
      '*',
      '\\',
    ];
    const pieces = fc.array(
      fc.constantFrom(...ATTACKS, ...bits, 'onload=x', 'javascript:', 'https://e.org', 'script', '/'),
      {
        maxLength: 12,
      },
    );
    fc.assert(
      fc.property(pieces, (parts) => expectHarmless(markdownHtml(parts.join('')))),
      { numRuns: 1000 },
    );
  });
});
