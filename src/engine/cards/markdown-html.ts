import { Marked, type Tokens } from 'marked';
import { escapeHtml } from './escape-html.ts';

/** Where a link may lead; a page that is opened from a file must not run what it is given. */
const PROTOCOLS: ReadonlySet<string> = new Set(['http:', 'https:', 'mailto:']);

const EMBEDDED_IMAGE = /^data:image\/(png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=]+$/;

const marked = new Marked({
  gfm: true,
  async: false,
  renderer: {
    html({ text, block }: Tokens.HTML | Tokens.Tag) {
      return block ? `<p>${escapeHtml(text.trim())}</p>\n` : escapeHtml(text);
    },
    code({ text, lang }) {
      const [language = ''] = /^[\w+#-]+/.exec(lang ?? '') ?? [];
      return `<pre${language === '' ? '' : ` data-language="${language}"`}><code>${escapeHtml(text)}</code></pre>\n`;
    },
    codespan({ text }) {
      return `<code>${escapeHtml(text)}</code>`;
    },
    link({ href, title, tokens }) {
      const inner = this.parser.parseInline(tokens);
      if (!URL.canParse(href) || !PROTOCOLS.has(new URL(href).protocol)) return inner;
      return `<a href="${escapeHtml(href)}" rel="noreferrer"${titleAttribute(title)}>${inner}</a>`;
    },
    // An image from elsewhere would tell somebody that the card is being looked at.
    image({ href, title, text }) {
      if (!EMBEDDED_IMAGE.test(href)) return `[${escapeHtml(text === '' ? href : text)}]`;
      return `<img src="${href}" alt="${escapeHtml(text)}"${titleAttribute(title)}>`;
    },
    text(token) {
      if ('tokens' in token && token.tokens !== undefined) return this.parser.parseInline(token.tokens);
      return escapeHtml(token.text).replaceAll(ESCAPED_ENTITY, '&$1;');
    },
  },
});

/** `&copy;` and its like are part of Markdown, and of a text they can only make a text. */
const ESCAPED_ENTITY = /&amp;(#\d{1,7}|#[xX][\da-fA-F]{1,6}|[A-Za-z]\w{1,31});/g;

/** Markdown as HTML that holds nothing but what Markdown says: HTML in it is shown as text. */
export function markdownHtml(text: string): string {
  return marked.parse(text, { async: false });
}

function titleAttribute(title: string | null | undefined): string {
  return title === null || title === undefined ? '' : ` title="${escapeHtml(title)}"`;
}
