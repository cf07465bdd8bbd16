import type { RunStatus } from '../core/status.ts';
import type { CliAction } from './context.ts';
import { parseCount } from './parse-count.ts';
import { parseSince } from './parse-since.ts';
import { parseTimeSpan } from './parse-time-span.ts';

const ENDED_STATUSES: readonly RunStatus[] = ['successful', 'failed', 'timeout'];
const STATUSES: readonly RunStatus[] = ['running', ...ENDED_STATUSES];

/** An option of a command. */
export interface OptionForm {
  /** As commander has it: `-f, --follow`, `--limit <count>`. */
  readonly flags: string;
  /** One line for `--help`. */
  readonly help: string;
  /** What holds without it, in words. */
  readonly default?: string;
  readonly choices?: readonly string[];
  /** Whether it may be given several times; then it is an array. */
  readonly many?: true;
  /** Reads the value. @throws {InvalidOptionError} when it is none */
  readonly parse?: (text: string) => unknown;
  /** What completion offers for the value. */
  readonly completes?: Completion;
}

/** A word behind the command. */
export interface WordForm {
  /** `<name>` must be there, `[name]` may, `[name...]` repeats. */
  readonly word: string;
  readonly help: string;
  readonly choices?: readonly string[];
  readonly completes?: Completion;
}

/** What completion offers: names from the home, or files. */
export type Completion = 'flow' | 'pathspec' | 'tag' | 'user' | 'file';

/** A command of `raceway`, without what it does: that is loaded when it is called. */
export interface CommandForm {
  readonly help: string;
  readonly words: readonly WordForm[];
  /** Besides those that all have. */
  readonly options: readonly OptionForm[];
  /** Whether options that it does not know are for somebody else, as those of a flow are; what follows `--` is so too. */
  readonly passesOn?: true;
  /** Whether it goes on when whoever read its output has left. */
  readonly outlivesReader?: true;
  readonly load: () => Promise<CliAction>;
}

/** Options of every command; they may also stand before it. */
export const GLOBAL_OPTIONS: readonly OptionForm[] = [
  {
    flags: '--home <folder>',
    help: 'The home to use',
    default: 'RACEWAY_HOME, else the nearest .raceway up from here',
    completes: 'file',
  },
  { flags: '--json', help: 'Print JSON, one object a line' },
  { flags: '--no-color', help: 'Print without colours' },
];

const SHELLS: readonly string[] = ['bash', 'zsh', 'fish'];

const PLACE = {
  help: 'Flow/run/step/task or the beginning of it; the flow may be left out, and the run if the latest is meant',
  completes: 'pathspec',
} as const;

const DETACH = {
  flags: '--detach',
  help: 'Let the run go on by itself; its output is kept in the home',
} as const;

/** In the order of `--help`. */
export const COMMANDS: Readonly<Record<string, CommandForm>> = {
  run: {
    help: 'Run a flow',
    words: [
      { word: '<file>', help: 'The flow script', completes: 'file' },
      { word: '[arguments...]', help: 'Options and parameters of its command run, as in --seconds 5 --tag demo' },
    ],
    options: [DETACH],
    passesOn: true,
    outlivesReader: true,
    load: async () => (await import('./commands/run.ts')).run,
  },
  resume: {
    help: 'Run again what a run did not finish',
    words: [
      {
        word: '[run]',
        help: 'Flow/run, or its flow; without it the latest run that did not succeed',
        completes: 'pathspec',
      },
      {
        word: '[arguments...]',
        help: 'Options and parameters of the command resume of its script, as in --rerun-changed',
      },
    ],
    options: [
      DETACH,
      {
        flags: '--file <file>',
        help: 'The flow script',
        default: 'that of the run, if it is in this project',
        completes: 'file',
      },
      { flags: '--step <name>', help: 'Run again from this step on' },
      { flags: '--dry-run', help: 'Only say what would be taken over and what would run again' },
    ],
    passesOn: true,
    outlivesReader: true,
    load: async () => (await import('./commands/resume.ts')).resume,
  },
  stop: {
    help: 'End runs, with everything they started',
    words: [{ word: '[run...]', help: 'Flow/run, or a flow, whose latest run is meant', completes: 'pathspec' }],
    options: [
      { flags: '--all', help: 'Every run that is going on, of the flows that are named or of all' },
      {
        flags: '--grace <time>',
        help: 'How long tasks get to stop, as 30s; 0s for at once',
        default: '5s',
        parse: (text) => parseTimeSpan(text, 'grace'),
      },
    ],
    outlivesReader: true,
    load: async () => (await import('./commands/stop.ts')).stop,
  },
  ls: {
    help: 'List runs, newest first',
    words: [{ word: '[flow]', help: 'Only runs of this flow', completes: 'flow' }],
    options: [
      { flags: '--status <status>', help: 'Only runs in this state', choices: STATUSES, many: true },
      { flags: '--tag <tag>', help: 'Only runs with this tag; may be given again', many: true, completes: 'tag' },
      { flags: '--user <name>', help: 'Only runs of this user', default: "everyone's", completes: 'user' },
      {
        flags: '--since <time>',
        help: 'Only runs started since: 2d, 90m, 2026-11-21',
        parse: (text) => parseSince(text, 'since'),
      },
      {
        flags: '--limit <count>',
        help: 'How many at most, or all',
        default: '20',
        parse: (text) => parseCount(text, 'limit', { orAll: true }),
      },
      { flags: '--spins', help: 'List spins, which are single tasks run again, instead of runs' },
      { flags: '-q, --quiet', help: 'Only their pathspecs, one a line' },
    ],
    load: async () => (await import('./commands/ls.ts')).ls,
  },
  show: {
    help: 'Show a flow, run, step or task',
    words: [{ ...PLACE, word: '<pathspec>' }],
    options: [{ flags: '--values', help: 'Of a task: show the values of its artifacts that are small' }],
    load: async () => (await import('./commands/show.ts')).show,
  },
  logs: {
    help: 'Print what the tasks of a run, a step or a task wrote',
    words: [{ ...PLACE, word: '<pathspec>' }],
    options: [
      { flags: '-f, --follow', help: 'Go on with what comes, until the run has ended' },
      { flags: '--stdout', help: 'Only what went to stdout' },
      { flags: '--stderr', help: 'Only what went to stderr' },
      { flags: '--timestamps', help: 'Show when each line was written' },
      {
        flags: '--tail <count>',
        help: 'Of what is there already, only so many of the last lines',
        default: 'all',
        parse: (text) => parseCount(text, 'tail', { orAll: true }),
      },
      {
        flags: '--attempt <number>',
        help: 'Which attempt of a task, from 0',
        default: 'the latest',
        parse: (text) => parseCount(text, 'attempt'),
      },
    ],
    load: async () => (await import('./commands/logs.ts')).logs,
  },
  why: {
    help: 'Explain why a run did not succeed, and how to go on',
    words: [
      {
        word: '[run]',
        help: 'As for show; without it the latest that failed and that no resume has made good',
        completes: 'pathspec',
      },
    ],
    options: [
      {
        flags: '--file <file>',
        help: 'The flow script, to see whether its source has changed',
        default: 'that of the run, if it is in the project of the working folder',
        completes: 'file',
      },
      { flags: '--no-source', help: 'Execute no flow script to see whether its source has changed' },
    ],
    load: async () => (await import('./commands/why.ts')).why,
  },
  rm: {
    help: 'Remove runs that have ended, with their logs',
    words: [
      { word: '[run...]', help: 'Flow/run, or a flow for all of its runs, spins included', completes: 'pathspec' },
    ],
    options: [
      {
        flags: '--older-than <time>',
        help: 'Only runs that started longer ago: 30d, 12h',
        parse: (text) => parseTimeSpan(text, 'older-than'),
      },
      { flags: '--status <status>', help: 'Only runs in this state', choices: ENDED_STATUSES, many: true },
      { flags: '--flow <flow>', help: 'Only runs of this flow; may be given again', many: true, completes: 'flow' },
      { flags: '--yes', help: 'Do not ask' },
      { flags: '--dry-run', help: 'Only say what would be removed' },
    ],
    outlivesReader: true,
    load: async () => (await import('./commands/rm.ts')).rm,
  },
  gc: {
    help: 'Drop what removed runs and dead processes have left; safe while runs go on',
    words: [],
    options: [{ flags: '--dry-run', help: 'Only say what would be dropped' }],
    outlivesReader: true,
    load: async () => (await import('./commands/gc.ts')).gc,
  },
  doctor: {
    help: 'Check the home, and mend what can be mended',
    words: [],
    options: [
      { flags: '--fix', help: 'Mend without asking' },
      { flags: '--deep', help: 'Read every content and every index' },
    ],
    outlivesReader: true,
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  complete: {
    help: 'Print the script by which a shell completes raceway: source <(raceway complete bash)',
    words: [{ word: '<shell>', help: 'For which shell', choices: SHELLS }],
    options: [],
    load: async () => (await import('./commands/complete.ts')).complete,
  },
};
