import { type Flag, INTERNAL_FLAGS, INTERNAL_SPIN_FLAGS, RESUME_FLAGS, RUN_FLAGS, SPIN_FLAGS } from '../core/flags.ts';
import type { ProgramContext } from './program.ts';
import type { Workers } from './workers.ts';

/** A command of a flow script. Its action resolves with the exit status. */
export type Command = CommandForm &
  (
    | { readonly executes: false; readonly load: () => Promise<(context: ProgramContext) => Promise<number>> }
    /** It executes tasks: the flow's parameters are options of it, and a worker is started ahead. */
    | {
        readonly executes: true;
        readonly load: () => Promise<(context: ProgramContext, workers: Workers) => Promise<number>>;
      }
  );

interface CommandForm {
  /** Words after the command, as `--help` shows them: `<name>` must be there, `[name]` may, `...` repeats. */
  readonly words: string;
  readonly minWords: number;
  readonly maxWords: number;
  readonly flags: Readonly<Record<string, Flag>>;
  readonly help: string;
}

const NO_WORDS = { words: '', minWords: 0, maxWords: 0 } as const;
const TASKS = { words: '<step|run/step[/task]>', minWords: 1, maxWords: 1 } as const;

export const COMMANDS = {
  run: {
    ...NO_WORDS,
    flags: { ...RUN_FLAGS, ...INTERNAL_FLAGS },
    executes: true,
    help: 'Start a new run',
    load: async () => (await import('./commands/run.ts')).run,
  },
  resume: {
    words: '[step-to-rerun]',
    minWords: 0,
    maxWords: 1,
    flags: { ...RESUME_FLAGS, ...INTERNAL_FLAGS },
    executes: true,
    help: 'Start a run that takes over what an earlier one finished',
    load: async () => (await import('./commands/resume.ts')).resume,
  },
  spin: {
    words: '<step|run/step[/task]>',
    minWords: 1,
    maxWords: 1,
    flags: { ...SPIN_FLAGS, ...INTERNAL_SPIN_FLAGS },
    executes: true,
    help: 'Execute one task again, alone, with the inputs it had',
    load: async () => (await import('./commands/spin.ts')).spin,
  },
  show: {
    ...NO_WORDS,
    flags: {},
    executes: false,
    help: 'Show the steps and where they lead',
    load: async () => (await import('./commands/show.ts')).show,
  },
  check: {
    ...NO_WORDS,
    flags: {},
    executes: false,
    help: 'Check the graph',
    load: async () => (await import('./commands/check.ts')).check,
  },
  describe: {
    ...NO_WORDS,
    flags: {
      json: { flag: 'json', kind: 'switch', default: 'yes', help: 'As JSON' },
      runnerAttributeFile: INTERNAL_FLAGS.runnerAttributeFile, // for why it could not be described
    },
    executes: false,
    help: 'Print the definition for programs: parameters as JSON Schema, graph, options',
    load: async () => (await import('./commands/describe.ts')).describe,
  },
  dump: {
    ...TASKS,
    flags: {
      include: { flag: 'include', kind: 'string', many: true, help: 'Only this artifact' },
      maxValueSize: {
        flag: 'max-value-size',
        kind: 'integer',
        minimum: 0,
        default: '1000',
        help: 'Characters shown of each value; 0 shows names only',
      },
    },
    executes: false,
    help: 'Print the artifacts of tasks',
    load: async () => (await import('./commands/dump.ts')).dump,
  },
  logs: {
    ...TASKS,
    flags: {
      stdout: { flag: 'stdout', kind: 'switch', default: 'yes', help: 'Show stdout' },
      stderr: { flag: 'stderr', kind: 'switch', default: 'yes', help: 'Show stderr' },
      timestamps: { flag: 'timestamps', kind: 'switch', default: 'no', help: 'Show when each line was written' },
      attempt: {
        flag: 'attempt',
        kind: 'integer',
        minimum: 0,
        default: 'the latest',
        help: 'Which attempt, counted from 0',
      },
    },
    executes: false,
    help: 'Print what tasks wrote to stdout and stderr',
    load: async () => (await import('./commands/logs.ts')).logs,
  },
  card: {
    words: '<view|get|list> <run[/step[/task]]>',
    minWords: 2,
    maxWords: 2,
    flags: {
      id: { flag: 'id', kind: 'string', help: 'Only the card with this id' },
      output: { flag: 'output', kind: 'path', default: 'stdout', help: 'For get: the file to write it to' },
      open: {
        flag: 'open',
        kind: 'switch',
        default: 'yes on a terminal',
        help: 'For view: show it in a browser when it is the only one',
      },
    },
    executes: false,
    help: 'Look at the reports of tasks: view in a browser, get the HTML, list them',
    load: async () => (await import('./commands/card.ts')).card,
  },
  tag: {
    words: '<add|remove|replace|list> [tag...]',
    minWords: 1,
    maxWords: Infinity,
    flags: { runId: { flag: 'run-id', kind: 'string', default: 'the latest run', help: 'The run to label' } },
    executes: false,
    help: 'Label a run: add, remove, replace old new, list',
    load: async () => (await import('./commands/tag.ts')).tag,
  },
} as const satisfies Record<string, Command>;

export type CommandName = keyof typeof COMMANDS;
