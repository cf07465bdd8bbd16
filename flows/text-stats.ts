import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { FlowSpec, main, parameter, step } from 'raceway/flow';

/**
 * Reads a large text and says which words it uses, how long its sentences are, and which is the longest.
 *
 * Without `--text` it reads what TypeScript's declarations say about the web platform: more than two megabytes, of which
 * nearly one is English, and they are there wherever TypeScript is installed.
 */
export class TextStats extends FlowSpec.with({
  text: parameter.string({ help: 'The file to read; of source code (.ts, .js) its /** comments */ are the text' }),
  word: parameter.string({ default: "[a-z]+(?:'[a-z]+)*", help: 'What is a word, as a regular expression' }),
  top: parameter.integer({ default: 10, help: 'How many of the most frequent words to show' }),
}) {
  // Every field but a step is an artifact: what a step assigns is stored when the step is done, and there again in the
  // steps that follow and in any script that reads the run. Initial values give the fields their types.
  source = '';
  prose = '';
  /** Where each sentence begins in the prose, and behind them where the last one ends. */
  bounds = new Uint32Array(); // typed arrays are stored as the bytes they are
  /** How many words each sentence has. */
  lengths = new Uint32Array();
  longestSentence = '';
  counts = new Map<string, number>();
  histogram = new Uint32Array();
  topWords = new Map<string, number>();

  start = step(async () => {
    this.source = this.text ?? domDeclarations();
    const content = await readFile(this.source, 'utf8');
    this.prose = paragraphs(/\.[cm]?[jt]s$/.test(this.source) ? commentsOf(content) : content).join('\n');
    console.log(
      `${basename(this.source)} has ${count(content.length)} characters, ${count(this.prose.length)} of prose`,
    );
    this.next(this.sentences);
  });

  sentences = step(() => {
    const segments = new Intl.Segmenter('en', { granularity: 'sentence' }).segment(this.prose);
    const bounds = Array.from(segments, ({ index }) => index);
    console.log(`${count(bounds.length)} sentences`);
    this.bounds = Uint32Array.of(...bounds, this.prose.length);
    this.next(this.words);
  });

  words = step(() => {
    // The only step that reads this parameter, so that a resume with another pattern begins here.
    const pattern = new RegExp(this.word, 'g');
    // Each read of a field passes a Proxy. Before a hot loop they are copied to locals.
    const { prose, bounds } = this;
    const counts = new Map<string, number>();
    const lengths = new Uint32Array(bounds.length - 1);
    const quarter = Math.ceil(lengths.length / 4);
    let longest = 0;
    for (let i = 0; i < lengths.length; i++) {
      const words = sentenceAt(i, { prose, bounds }).toLowerCase().match(pattern) ?? [];
      for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
      lengths[i] = words.length;
      if (words.length > (lengths[longest] ?? 0)) longest = i;
      if ((i + 1) % quarter === 0 || i + 1 === lengths.length) {
        console.log(`${percent((i + 1) / lengths.length)} read, ${count(counts.size)} different words`);
      }
    }
    this.counts = counts;
    this.lengths = lengths;
    this.longestSentence = sentenceAt(longest, { prose, bounds }).trim();
    this.next(this.distribution);
  });

  distribution = step(() => {
    const histogram = new Uint32Array(BINS);
    for (const length of this.lengths) {
      const bin = Math.min(Math.floor(length / BIN_WORDS), BINS - 1);
      histogram[bin] = (histogram[bin] ?? 0) + 1;
    }
    console.log('Words in a sentence:');
    const most = Math.max(1, ...histogram);
    for (const [bin, sentences] of histogram.entries()) {
      const last = bin === BINS - 1 ? '  … ' : `-${String((bin + 1) * BIN_WORDS - 1).padStart(2)} `;
      console.log(`${String(bin * BIN_WORDS).padStart(2)}${last}${bar(sentences / most)} ${count(sentences)}`);
    }
    this.histogram = histogram;
    this.next(this.end);
  });

  end = step(() => {
    const byCount = [...this.counts].toSorted(([, a], [, b]) => b - a);
    this.topWords = new Map(byCount.slice(0, this.top));
    const most = byCount[0]?.[1] ?? 1;
    const width = Math.max(0, ...[...this.topWords.keys()].map(({ length }) => length));
    console.log('The most frequent words:');
    for (const [word, times] of this.topWords)
      console.log(`${word.padEnd(width)} ${bar(times / most)} ${count(times)}`);
    console.log(`The longest sentence has ${Math.max(0, ...this.lengths)} words.`);
  });
}

const BIN_WORDS = 5;
const BINS = 11;

/** The declarations of the browser's interfaces, in whichever package of TypeScript they are. */
function domDeclarations(): string {
  const { resolve } = createRequire(import.meta.url);
  const { platform, arch } = process;
  for (const name of ['typescript', `@typescript/typescript-${platform}-${arch}`]) {
    try {
      const file = join(dirname(resolve(`${name}/package.json`)), 'lib', 'lib.dom.d.ts');
      if (existsSync(file)) return file;
    } catch {
      // not installed; perhaps the next one is
    }
  }
  throw new Error(
    'there is no text to read: TypeScript is not installed here\nRun npm ci, or name a file: --text=<path>',
  );
}

/** What is written between the stars of all doc comments, without their tags and links. */
function commentsOf(source: string): string {
  const comments = source.matchAll(/\/\*\*(.*?)\*\//gs).map(([, comment = '']) => comment);
  return [...comments]
    .join('\n\n')
    .replaceAll(/^[ \t]*\* ?/gm, '')
    .replaceAll(/^[ \t]*@.*$|\[MDN Reference\]\(.*?\)|[*`]/gm, '');
}

/** The paragraphs, each as one line: where a line ends says nothing about where a sentence does. */
function paragraphs(text: string): string[] {
  const lines = text.split(/\n\s*\n/).map((paragraph) => paragraph.replaceAll(/\s+/g, ' ').trim());
  return lines.filter((line) => line !== '');
}

function sentenceAt(index: number, { prose, bounds }: { prose: string; bounds: Uint32Array }): string {
  return prose.slice(bounds[index], bounds[index + 1]);
}

function bar(share: number): string {
  return '█'.repeat(Math.round(share * 30)) || '▏';
}

function count(value: number): string {
  return value.toLocaleString('en');
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`.padStart(4);
}

if (import.meta.main) await main(TextStats);
