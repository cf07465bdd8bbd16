import type { CardComponent } from '../../flow/cards/component.ts';
import type { ImageComponent } from '../../flow/cards/image.ts';
import type { TableComponent } from '../../flow/cards/table.ts';
import type { ValueComponent } from '../../flow/cards/value.ts';
import { barChartSvg } from './bar-chart-svg.ts';
import type { CardText } from './card-text.ts';
import { lineChartSvg } from './line-chart-svg.ts';

/** A component as HTML. The library for Markdown is loaded when there is some. */
export async function componentHtml(component: CardComponent, text: CardText): Promise<string> {
  switch (component.kind) {
    case 'markdown': {
      const { markdownHtml } = await import('./markdown-html.ts');
      return `<div class="markdown">${markdownHtml(text.plain(component.text))}</div>`;
    }
    case 'table':
      return tableHtml(component, text);
    case 'image':
      return imageHtml(component, text);
    case 'bar-chart':
      return barChartSvg(component, text);
    case 'line-chart':
      return lineChartSvg(component, text);
    case 'value':
      return valueHtml(component, text);
  }
}

function tableHtml({ title, columns, rows, hiddenRows }: TableComponent, text: CardText): string {
  const caption = title === undefined ? '' : `<caption>${text.html(title)}</caption>`;
  const head =
    columns === undefined
      ? ''
      : `<thead><tr>${columns.map((name) => `<th>${text.html(name)}</th>`).join('')}</tr></thead>`;
  const body = rows.map((row) => `<tr>${row.map((cell) => cellHtml(cell, text)).join('')}</tr>`).join('');
  const rest =
    hiddenRows === 0 ? '' : `<p class="note">and ${hiddenRows} more ${hiddenRows === 1 ? 'row' : 'rows'}</p>`;
  return `<div class="wide"><table>${caption}${head}<tbody>${body}</tbody></table></div>${rest}`;
}

function cellHtml(cell: string | number, text: CardText): string {
  return typeof cell === 'number'
    ? `<td class="number">${text.html(String(cell))}</td>`
    : `<td>${text.html(cell)}</td>`;
}

function imageHtml({ type, bytes, alt }: ImageComponent, text: CardText): string {
  return `<p><img src="data:${type};base64,${text.bytes(bytes).toString('base64')}" alt="${text.html(alt)}"></p>`;
}

function valueHtml({ label, text: shown, maxLength }: ValueComponent, text: CardText): string {
  const value = `<pre>${text.short(shown, maxLength)}</pre>`;
  return label === undefined ? value : `<figure><figcaption>${text.html(label)}</figcaption>${value}</figure>`;
}
