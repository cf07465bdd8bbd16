/** A tag of some HTML. */
export interface HtmlTag {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The tags that stand in HTML; throws when there is a "<" which begins no well-formed one. */
export function htmlTags(html: string): readonly HtmlTag[] {
  const tags: HtmlTag[] = [];
  const rest = html
    .replace(/^<!doctype html>/, '')
    .replace(/<style>[^<]*<\/style>/, '')
    .replaceAll(/<\/[a-z][a-z0-9]*>/g, '')
    .replaceAll(
      /<([a-z][a-z0-9]*)((?: [A-Za-z][A-Za-z0-9-]*(?:="[^"<>]*")?)*) ?\/?>/g,
      (_, name: string, inner: string) => {
        const pairs = [...inner.matchAll(/ ([A-Za-z][A-Za-z0-9-]*)(?:="([^"]*)")?/g)];
        tags.push({ name, attributes: Object.fromEntries(pairs.map(([, key = '', value = '']) => [key, value])) });
        return '';
      },
    );
  if (rest.includes('<')) throw new Error(`this is no tag: ${rest.slice(rest.indexOf('<'), rest.indexOf('<') + 200)}`);
  return tags;
}
