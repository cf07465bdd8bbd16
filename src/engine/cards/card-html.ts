import { inspect } from 'node:util';
import type { CardComponent } from '../../flow/cards/component.ts';
import type { CardPolicy } from '../../flow/step-policy.ts';
import type { ArtifactRecord, ExceptionRecord } from '../../store/run-store.ts';
import { formatException } from '../exception.ts';
import { CARD_STYLE } from './card-style.ts';
import type { CardText } from './card-text.ts';
import { componentHtml } from './component-html.ts';

/** What a card tells of its task, besides what the step appended. */
export interface CardSubject {
  readonly flow: string;
  readonly runId: string;
  readonly step: string;
  readonly taskId: string;
  readonly attempt: number;
  readonly user: string;
  readonly tags: readonly string[];
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** What the step threw; `undefined` when it succeeded. */
  readonly exception: ExceptionRecord | undefined;
  readonly artifacts: readonly ArtifactRecord[];
  /** The value of an artifact, unless that takes too long to load. */
  readonly preview: (artifact: ArtifactRecord) => { readonly value: unknown } | undefined;
}

/** A card as HTML, and what could not be shown in it. */
export interface RenderedCard {
  readonly html: string;
  /** A line each. */
  readonly problems: readonly string[];
}

const PREVIEW_LENGTH = 120;

/** A secret that stands where a text is cut has to be there as a whole to be found and hidden. */
const PREVIEW_MARGIN = 4096;

/**
 * Makes the HTML of a card: one document without scripts that loads nothing. A part that cannot be made is told of in its
 * place, and the rest is there.
 */
export async function cardHtml(
  { id, type }: CardPolicy,
  { subject, components, text }: { subject: CardSubject; components: readonly CardComponent[]; text: CardText },
): Promise<RenderedCard> {
  const problems: string[] = [];
  const part = async (what: string, make: () => string | Promise<string>): Promise<string> => {
    try {
      return await make();
    } catch (error) {
      const message = `${what} could not be shown: ${error instanceof Error ? error.message : inspect(error)}`;
      problems.push(text.plain(message).replaceAll(/\s+/g, ' '));
      return `<p class="problem">${text.html(message)}</p>`;
    }
  };
  const parts: string[] = [];
  if (type === 'default') {
    parts.push(header(subject, text));
    if (subject.exception !== undefined) parts.push(`<pre>${text.html(formatException(subject.exception))}</pre>`);
    parts.push(await part('the parameters', () => parametersHtml(subject.parameters, text)));
  }
  for (const [index, component] of components.entries()) {
    parts.push(await part(`component ${index + 1} (${component.kind})`, () => componentHtml(component, text)));
  }
  if (type === 'default') parts.push(await part('the artifacts', () => artifactsHtml(subject, text)));
  const { flow, runId, step, taskId } = subject;
  const title = [flow, runId, step, taskId].join('/') + (id === 'default' ? '' : `, ${id}`);
  return { html: page(text.html(title), parts.filter((one) => one !== '').join('\n')), problems };
}

/** The policy lets nothing run and nothing be loaded, should something slip through after all. */
function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${CARD_STYLE}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}

function header(
  { flow, runId, step, taskId, attempt, user, tags, startedAt, durationMs, exception }: CardSubject,
  text: CardText,
): string {
  const status = exception === undefined ? 'successful' : 'failed';
  const start = new Date(startedAt).toISOString();
  const rows: readonly (readonly [name: string, html: string])[] = [
    ['Flow', text.html(flow)],
    ['Run', text.html(runId)],
    ['Step', text.html(step)],
    ['Task', text.html(taskId)],
    ['Attempt', String(attempt)],
    ['Status', `<span class="${status}">${status}</span>`],
    ['Started', `<time datetime="${start}">${start.slice(0, 19).replace('T', ' ')} UTC</time>`],
    ['Took', duration(durationMs)],
    ['User', text.html(user)],
    ...(tags.length === 0 ? [] : [['Tags', text.html(tags.join(', '))] as const]),
  ];
  return (
    `<p class="path">${text.html([flow, runId, step, taskId].join(' / '))}</p><h1>${text.html(step)}</h1>` +
    `<dl>${rows.map(([name, html]) => `<dt>${name}</dt><dd>${html}</dd>`).join('')}</dl>`
  );
}

function parametersHtml(parameters: Readonly<Record<string, unknown>>, text: CardText): string {
  const rows = Object.entries(parameters).map(
    ([name, value]) => `<tr><td>${text.html(name)}</td><td class="preview">${previewHtml(value, text)}</td></tr>`,
  );
  return rows.length === 0 ? '' : `<h2>Parameters</h2><table><tbody>${rows.join('')}</tbody></table>`;
}

function artifactsHtml({ artifacts, preview }: CardSubject, text: CardText): string {
  if (artifacts.length === 0) return '';
  const rows = artifacts.map((artifact) => {
    const { name, type, sizeBytes } = artifact;
    const known = preview(artifact);
    return (
      `<tr><td>${text.html(name)}</td><td>${text.html(type)}</td><td class="number">${size(sizeBytes)}</td>` +
      `<td class="preview">${known === undefined ? '' : previewHtml(known.value, text)}</td></tr>`
    );
  });
  const head = '<thead><tr><th>Name</th><th>Type</th><th>Size</th><th>Value</th></tr></thead>';
  return `<h2>Artifacts</h2><div class="wide"><table>${head}<tbody>${rows.join('')}</tbody></table></div>`;
}

function previewHtml(value: unknown, text: CardText): string {
  const shown = inspect(value, { maxStringLength: PREVIEW_LENGTH + PREVIEW_MARGIN, breakLength: Infinity });
  return `<code>${text.short(shown, PREVIEW_LENGTH)}</code>`;
}

function duration(durationMs: number): string {
  if (durationMs < 1000) return `${Math.round(durationMs)} ms`;
  if (durationMs < 60_000) return `${(durationMs / 1000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function size(sizeBytes: number): string {
  if (sizeBytes < 1000) return `${sizeBytes} B`;
  if (sizeBytes < 1_000_000) return `${(sizeBytes / 1000).toFixed(1)} kB`;
  return `${(sizeBytes / 1_000_000).toFixed(1)} MB`;
}
