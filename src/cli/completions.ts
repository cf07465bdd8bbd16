import type { Flow } from '../client/flow.ts';
import type { Home } from '../client/home.ts';
import { COMMANDS, type CommandForm, type Completion, GLOBAL_OPTIONS, type OptionForm } from './commands.ts';
import { toTheSecond } from './run-table.ts';

/** How many runs of a flow are offered. */
const RUNS_OFFERED = 20;

/** How many tasks of a step. */
const TASKS_OFFERED = 50;

/** How many runs are looked at for tags and users. */
const RUNS_READ = 200;

/** Something that a word can be completed to. */
export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** What can stand in a place: certain words, or any file. */
export type Candidates = { readonly kind: 'words'; readonly words: readonly Candidate[] } | { readonly kind: 'files' };

/**
 * What the last word of a command line can be completed to.
 *
 * @param words what stands behind `raceway`; the last one, which may be empty, is still being written
 * @param openHome is only asked when the place takes names from a home; resolves with `undefined` when there is none
 */
export async function completions(
  words: readonly string[],
  openHome: (location: string | undefined) => Promise<Home | undefined>,
): Promise<Candidates> {
  const { before, current } = cut(words);
  const found = await candidates(readLine(before), { current, openHome });
  if (found.kind === 'files') return found;
  return { kind: 'words', words: found.words.filter(({ value }) => value.startsWith(current) && isPlain(value)) };
}

/** bash cuts `--status=fa` in three, other shells do not: either way the value is what is being written. */
function cut(words: readonly string[]): { readonly before: readonly string[]; readonly current: string } {
  const [, name, value = ''] = /^(--[\w-]+)=(.*)$/s.exec(words.at(-1) ?? '') ?? [];
  const parts = name === undefined ? words : [...words.slice(0, -1), name, value];
  const current = parts.at(-1) ?? '';
  return { before: parts.slice(0, -1).filter((word) => word !== '='), current: current === '=' ? '' : current };
}

/** What stands before the word that is being written. */
interface Line {
  readonly command: CommandForm | undefined;
  /** How many words there are behind the command that are no options. */
  readonly position: number;
  /** The option whose value is being written. */
  readonly pending: OptionForm | undefined;
  readonly home: string | undefined;
  /** Whether what comes is for somebody else. */
  readonly isOver: boolean;
}

function readLine(words: readonly string[]): Line {
  let command: CommandForm | undefined;
  let position = 0;
  let pending: OptionForm | undefined;
  let home: string | undefined;
  for (const word of words) {
    if (pending !== undefined) {
      if (pending.flags.startsWith('--home ')) home = word;
      pending = undefined;
    } else if (word.startsWith('-')) {
      if (word.startsWith('--home=')) home = word.slice('--home='.length);
      pending = optionsOf(command).find((option) => takesValue(option) && namesOf(option).includes(word));
    } else if (command === undefined) command = Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined;
    else position += 1;
  }
  return { command, position, pending, home, isOver: command?.passesOn === true && position > 0 };
}

async function candidates(
  { command, position, pending, home, isOver }: Line,
  { current, openHome }: { current: string; openHome: (location: string | undefined) => Promise<Home | undefined> },
): Promise<Candidates> {
  if (isOver) return { kind: 'files' };
  const named = async (what: Completion): Promise<Candidates> => {
    if (what === 'file') return { kind: 'files' };
    await using opened = await openHome(home);
    return { kind: 'words', words: opened === undefined ? [] : await namesFrom(opened, { what, current }) };
  };
  const offered = async ({ choices, completes }: Pick<OptionForm, 'choices' | 'completes'>): Promise<Candidates> => {
    if (choices !== undefined) return plain(choices.map((value) => [value, '']));
    return completes === undefined ? plain([]) : named(completes);
  };
  if (pending !== undefined) return offered(pending);
  if (current.startsWith('-')) {
    const options = optionsOf(command).flatMap((option) =>
      namesOf(option).map((name): [string, string] => [name, option.help]),
    );
    return plain([...options, ['--help', 'Show how to use it']]);
  }
  if (command === undefined) return plain(Object.entries(COMMANDS).map(([name, { help }]) => [name, help]));
  const word = command.words[position] ?? command.words.findLast(({ word: form }) => form.includes('...'));
  return word === undefined ? plain([]) : offered(word);
}

function plain(words: readonly (readonly [value: string, description: string])[]): Candidates {
  return { kind: 'words', words: words.map(([value, description]) => ({ value, description })) };
}

async function namesFrom(
  home: Home,
  { what, current }: { what: Exclude<Completion, 'file'>; current: string },
): Promise<readonly Candidate[]> {
  const flows = await Array.fromAsync(home.flows());
  switch (what) {
    case 'flow':
      return flows.map(flowCandidate);
    case 'pathspec':
      return pathspecs(home, { flows, current });
    case 'tag':
    case 'user': {
      const values = new Set<string>();
      for (const flow of flows) {
        for await (const run of flow.runs({ limit: RUNS_READ })) {
          for (const value of what === 'user' ? [run.user] : run.userTags) values.add(value);
        }
      }
      return [...values].map((value) => ({ value, description: what }));
    }
  }
}

function flowCandidate({ id }: Flow): Candidate {
  return { value: id, description: 'flow' };
}

/** Flows and their runs; below a run that is written already its steps, and below a step its tasks. */
async function pathspecs(
  home: Home,
  { flows, current }: { flows: readonly Flow[]; current: string },
): Promise<readonly Candidate[]> {
  const [flowName, runId, step, task] = current.split('/');
  if (task !== undefined) {
    const tasks = await Array.fromAsync((await home.step(`${flowName}/${runId}/${step}`)).tasks());
    return tasks.slice(0, TASKS_OFFERED).map(({ pathspec, status }) => ({ value: pathspec, description: status }));
  }
  if (step !== undefined) {
    const steps = await Array.fromAsync((await home.run(`${flowName}/${runId}`)).steps());
    return steps.map(({ pathspec }) => ({ value: pathspec, description: 'step' }));
  }
  const found: Candidate[] = [];
  for (const flow of flows) {
    const isMeant = flow.id.startsWith(current) || current.startsWith(`${flow.id}/`);
    const isId = /^\d+$/.test(current);
    if (isMeant) found.push(flowCandidate(flow));
    if (!isMeant && !isId) continue;
    for await (const { id, pathspec, status, createdAt } of flow.runs({ limit: RUNS_OFFERED })) {
      found.push({ value: isId ? id : pathspec, description: `${status}, ${toTheSecond(createdAt)}` });
    }
  }
  return found;
}

/**
 * Whether a shell takes it for one word and nothing else: bash expands what it is offered, so that a tag such as `$(reboot)` in
 * somebody's home would be executed.
 */
function isPlain(value: string): boolean {
  return /^[\w@%+,./-]+$/.test(value);
}

function optionsOf(command: CommandForm | undefined): readonly OptionForm[] {
  return [...(command?.options ?? []), ...GLOBAL_OPTIONS];
}

/** `-f` and `--follow` of `-f, --follow`. */
function namesOf({ flags }: OptionForm): readonly string[] {
  return flags.split(/, | /).filter((word) => word.startsWith('-'));
}

function takesValue({ flags }: OptionForm): boolean {
  return /[<[]/.test(flags);
}
