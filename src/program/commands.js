import { INTERNAL_FLAGS, RESUME_FLAGS, RUN_FLAGS } from '../core/flags.js';
const NO_WORDS = { words: '', minWords: 0, maxWords: 0 };
const TASKS = { words: '<run/step[/task]>', minWords: 1, maxWords: 1 };
export const COMMANDS = {
  run: {
    ...NO_WORDS,
    flags: { ...RUN_FLAGS, ...INTERNAL_FLAGS },
    executes: true,
    help: 'Start a new run',
    load: async () => (await import('./commands/run.js')).run,
  },
  resume: {
    words: '[step-to-rerun]',
    minWords: 0,
    maxWords: 1,
    flags: { ...RESUME_FLAGS, ...INTERNAL_FLAGS },
    executes: true,
    help: 'Start a run that takes over what an earlier one finished',
    load: async () => (await import('./commands/resume.js')).resume,
  },
  show: {
    ...NO_WORDS,
    flags: {},
    executes: false,
    help: 'Show the steps and where they lead',
    load: async () => (await import('./commands/show.js')).show,
  },
  check: {
    ...NO_WORDS,
    flags: {},
    executes: false,
    help: 'Check the graph',
    load: async () => (await import('./commands/check.js')).check,
  },
  describe: {
    ...NO_WORDS,
    flags: { json: { flag: 'json', kind: 'switch', default: 'yes', help: 'As JSON' } },
    executes: false,
    help: 'Print the definition for programs: parameters as JSON Schema, graph, options',
    load: async () => (await import('./commands/describe.js')).describe,
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
    load: async () => (await import('./commands/dump.js')).dump,
  },
  logs: {
    ...TASKS,
    flags: {
      stdout: { flag: 'stdout', kind: 'switch', default: 'yes', help: 'Show stdout' },
      stderr: { flag: 'stderr', kind: 'switch', default: 'yes', help: 'Show stderr' },
      timestamps: { flag: 'timestamps', kind: 'switch', default: 'no', help: 'Show when each line was written' },
    },
    executes: false,
    help: 'Print what tasks wrote to stdout and stderr',
    load: async () => (await import('./commands/logs.js')).logs,
  },
  tag: {
    words: '<add|remove|replace|list> [tag...]',
    minWords: 1,
    maxWords: Infinity,
    flags: { runId: { flag: 'run-id', kind: 'string', default: 'the latest run', help: 'The run to label' } },
    executes: false,
    help: 'Label a run: add, remove, replace old new, list',
    load: async () => (await import('./commands/tag.js')).tag,
  },
};
