import type { Format } from './format.ts';
import type { Turns } from './in-turn.ts';
import type { Sample } from './sample.ts';

/** What a measurement should come to. */
export interface Aim {
  readonly bound: 'at most' | 'at least';
  readonly value: number;
  /** What of the sample counts; `worst` when no round may fail it. @default 'median' */
  readonly counts?: 'median' | 'worst';
}

/** A measurement set against another. */
export interface Comparison {
  /** What it is set against, worded to follow "against". */
  readonly to: string;
  readonly sample: Sample;
  readonly format: Format;
  readonly aims?: readonly Aim[];
}

/** Something that was measured. */
export interface Row {
  readonly what: string;
  readonly sample: Sample;
  /** @default that of the table */
  readonly format?: Format;
  readonly aims?: readonly Aim[];
  readonly against?: readonly Comparison[];
}

interface Verdict {
  readonly question: string;
  readonly what: string;
  readonly aim: string;
  readonly cameTo: string;
  readonly isMet: boolean;
}

/** What the bench has to say: Markdown that is printed as it comes and kept for the file of results. */
export class Report {
  readonly #judges: boolean;
  readonly #lines: string[] = [];
  readonly #verdicts: Verdict[] = [];
  #question = '';

  /** @param options.judges whether it is told which aims were met: for that, enough has to be measured */
  constructor({ judges }: { judges: boolean }) {
    this.#judges = judges;
  }

  /** Everything so far, with the heading and what came of the aims in front. */
  text(heading: readonly string[]): string {
    return [...heading, ...this.#aims(), ...this.#lines, ''].join('\n');
  }

  /** Begins the answer to a question. */
  ask(question: string, text: string): void {
    this.#question = question;
    this.#say(['', `## ${question}`, '', text]);
  }

  note(text: string): void {
    this.#say(['', text]);
  }

  /** A table of rows; the first line of each says what was measured, the others what it is set against. */
  table(title: string, { rows, format, turns }: { rows: readonly Row[]; format: Format; turns: Turns }): void {
    const cells = [
      ['', 'median', 'middle half', 'against', 'median', 'middle half', 'aim'],
      ...rows.flatMap((row) => this.#rowLines(row, format)),
    ];
    this.#say(['', `### ${title}`, '', ...markdownTable(cells), '', describeTurns(turns)]);
  }

  /** What came of the aims, for the end of what is printed. */
  printAims(): void {
    for (const line of this.#aims()) console.log(line);
  }

  #rowLines(row: Row, tableFormat: Format): string[][] {
    const format = row.format ?? tableFormat;
    const own = [row.what, format(row.sample.median), spread(row.sample, format)];
    const ownAim = this.#judge(row.what, { ...row, format });
    const compared = (row.against ?? []).map((comparison) => [
      comparison.to,
      comparison.format(comparison.sample.median),
      spread(comparison.sample, comparison.format),
      this.#judge(`${row.what}, against ${comparison.to}`, comparison),
    ]);
    // An aim of the row itself has a line to itself.
    const [first, ...others] = ownAim === '' ? compared : [['', '', '', ownAim], ...compared];
    return [[...own, ...(first ?? ['', '', '', ''])], ...others.map((cells) => ['', '', '', ...cells])];
  }

  #judge(what: string, { sample, format, aims = [] }: Pick<Comparison, 'sample' | 'format' | 'aims'>): string {
    const words = aims.map(({ bound, value, counts }) => {
      const worst = sample.quantile(bound === 'at most' ? 1 : 0);
      const cameTo = counts === 'worst' ? worst : sample.median;
      const isMet = bound === 'at most' ? cameTo <= value : cameTo >= value;
      const aim = `${bound} ${format(value)}${counts === 'worst' ? ' in every round' : ''}`;
      if (!this.#judges) return aim;
      this.#verdicts.push({ question: this.#question, what, aim, cameTo: format(cameTo), isMet });
      return `${aim}: ${isMet ? 'met' : 'missed'}`;
    });
    return words.join('; ');
  }

  #aims(): readonly string[] {
    if (this.#verdicts.length === 0) return [];
    const missed = this.#verdicts.filter(({ isMet }) => !isMet).length;
    const rows = this.#verdicts.map(({ question, what, aim, cameTo, isMet }) => [
      question,
      what,
      aim,
      cameTo,
      isMet ? 'met' : 'missed',
    ]);
    return [
      '',
      '## Aims',
      '',
      `${this.#verdicts.length - missed} met, ${missed} missed; the median counts, but where it says so every round.`,
      '',
      ...markdownTable([['question', 'what', 'aim', 'came to', ''], ...rows]),
    ];
  }

  #say(lines: readonly string[]): void {
    this.#lines.push(...lines);
    console.log(lines.join('\n'));
  }
}

function spread(sample: Sample, format: Format): string {
  if (sample.values.length < 2) return '';
  return `${format(sample.quantile(0.25))} to ${format(sample.quantile(0.75))}`;
}

function describeTurns({ rounds, warmUps }: Turns): string {
  return `${countRounds(rounds)}${warmUps === 0 ? ', nothing to warm up' : ` after ${countRounds(warmUps)} to warm up`}.`;
}

function countRounds(count: number): string {
  return count === 1 ? '1 round' : `${count} rounds`;
}

/** A Markdown table that also reads well as it stands. */
function markdownTable(cells: readonly (readonly string[])[]): readonly string[] {
  const [head = [], ...body] = cells;
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)));
  return [head, widths.map((width) => '-'.repeat(width)), ...body].map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`,
  );
}
