import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Card } from '../../client/card.ts';
import { InvalidOptionError, NotFoundError, RacewayError } from '../../core/errors.ts';
import { harmless } from '../../core/harmless.ts';
import { nearest } from '../../core/nearest.ts';
import { parsePathspec, withoutFlow } from '../../core/pathspec.ts';
import { cardFile, locateHome, refuseLinks } from '../../store/home-folder.ts';
import { namedTasks } from '../named-tasks.ts';
import { openInBrowser } from '../open-in-browser.ts';
import type { ProgramContext } from '../program.ts';

const ACTIONS: Readonly<Record<string, (cards: readonly Card[], context: ProgramContext) => Promise<void>>> = {
  view,
  get,
  list,
};

/** `card`: the reports of tasks. */
export async function card(context: ProgramContext): Promise<number> {
  const [name = '', word = ''] = context.commandLine.words;
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (action === undefined) throw unknownAction(name);
  await action(await namedCards(context, word), context);
  return 0;
}

/** Writes the cards where a browser can read them, and prints where. */
async function view(cards: readonly Card[], { commandLine }: ProgramContext): Promise<void> {
  const { open = true } = commandLine.options as { open?: boolean };
  const home = locateHome({ home: commandLine.topLevel.home });
  const files: string[] = [];
  for (const one of cards) {
    const file = cardFile(home, { pathspec: one.taskPathspec, id: one.id });
    refuseLinks(home, file);
    writeHtml(file, await one.html(), 'To have it elsewhere: card get <run/step/task> --output=<file>.');
    process.stdout.write(`${harmless(file)}\n`);
    files.push(file);
  }
  const [file] = files;
  const isWatched = process.stdout.isTTY && (process.env['CI'] ?? '') === '';
  if (open && isWatched && file !== undefined && files.length === 1) await openInBrowser(file);
}

/** Prints the HTML of a card, or writes it to a file. */
async function get(cards: readonly Card[], { commandLine }: ProgramContext): Promise<void> {
  const { output } = commandLine.options as { output?: string };
  const [one, ...others] = cards;
  if (one === undefined || others.length > 0) {
    throw new InvalidOptionError(
      { option: 'card', expected: 'one card' },
      `${commandLine.words[1]} has ${cards.length} cards, and card get takes one`,
      `Name the task, and the card with --id, as in card get ${withoutFlow(cards[0]?.taskPathspec ?? '')} --id=${cards[0]?.id}.`,
    );
  }
  const html = await one.html();
  if (output === undefined) process.stdout.write(html);
  else writeHtml(output, html, 'Give another file with --output.');
}

async function list(cards: readonly Card[]): Promise<void> {
  for (const { taskPathspec, id, type, sizeBytes } of cards) {
    process.stdout.write(`${harmless(`${withoutFlow(taskPathspec)} ${id} [size: ${sizeBytes} type: ${type}]`)}\n`);
  }
}

/**
 * @throws {NotFoundError} when there is none
 */
async function namedCards(context: ProgramContext, word: string): Promise<readonly Card[]> {
  const { id } = context.commandLine.options as { id?: string };
  const cards = await cardsOf(context, word);
  const wanted = id === undefined ? cards : cards.filter((one) => one.id === id);
  if (wanted.length > 0) return wanted;
  if (cards.length > 0) {
    const ids = new Set(cards.map((one) => one.id));
    throw new NotFoundError(word, `${word} has no card ${JSON.stringify(id)}`, `It has ${[...ids].join(', ')}.`);
  }
  const { definition } = context;
  const place = parsePathspec(word.startsWith(`${definition.name}/`) ? word : `${definition.name}/${word}`);
  const steps = new Set(
    (await cardsOf(context, place.run ?? '')).map(({ taskPathspec }) => parsePathspec(taskPathspec).step),
  );
  throw new NotFoundError(
    word,
    `${word} has no cards`,
    steps.size > 0
      ? `Steps with cards are ${[...steps].join(', ')}.`
      : 'No step of the run has any: give it card(), as in start = step([card()], …), or run with --with=card.',
  );
}

async function cardsOf(context: ProgramContext, word: string): Promise<readonly Card[]> {
  const tasks = await namedTasks(context, { word, mayBeRun: true });
  return (await Promise.all(tasks.map((task) => Array.fromAsync(task.cards())))).flat();
}

function writeHtml(file: string, html: string, advice: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, html, { mode: 0o600 });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RacewayError('HOME', `cannot write the card to ${file}: ${reason}`, advice, { cause });
  }
}

function unknownAction(name: string): InvalidOptionError {
  const actions = Object.keys(ACTIONS);
  const meant = nearest(name, actions);
  return new InvalidOptionError(
    { option: 'card', expected: actions.join(', '), received: name },
    `there is no card ${JSON.stringify(name)}`,
    `${meant === undefined ? '' : `Did you mean ${meant}? `}Write card view, card get or card list, and what to look at.`,
  );
}
