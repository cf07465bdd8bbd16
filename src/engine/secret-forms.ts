import { inspect } from 'node:util';
import { encodeText } from '../store/encoding.ts';
import { escapeHtml } from './cards/escape-html.ts';

/** What is shorter, such as a brace in a secret of several lines, would hide half of every log. */
export const SHORTEST_SECRET = 4;

/**
 * Every way in which a secret stands in what is shown or stored: as it is, with the escapes of JSON, of a string that Node
 * shows, of what raceway stores and of HTML, and with those once more, since JSON is often part of another text. None for
 * a secret of fewer than four characters.
 */
export function secretForms(secret: string): readonly string[] {
  if (secret.length < SHORTEST_SECRET) return [];
  return [...new Set(escapedForms(secret).flatMap(escapedForms))];
}

function escapedForms(text: string): readonly string[] {
  const shown = shownInQuotes(text);
  const encoded = encodeText(text);
  return [
    text,
    JSON.stringify(text).slice(1, -1),
    shown,
    shown.replaceAll("\\'", "'"), // between other quotes than '
    ...(encoded.kind === 'encoded' ? [encoded.text.slice('["'.length, -'"]'.length)] : []),
    escapeHtml(text),
  ];
}

/** As it stands between the quotes that `inspect` puts around a text that has all kinds of quotes in it. */
function shownInQuotes(text: string): string {
  const shown = inspect(`${text}'"\``, { maxStringLength: Infinity });
  return shown.slice(1, -`\\'"\`'`.length);
}
