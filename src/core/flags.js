/**
 * The options of the flow protocol, once: the Runner maps its options to flags by this table, the program parses its
 * command line by it, and `--help` and `describe --json` print it.
 */
export const TOP_LEVEL_FLAGS = {
    quiet: { flag: 'quiet', kind: 'switch', default: 'no', help: 'Print neither the banner nor the result of the lint' },
    lint: { flag: 'lint', kind: 'switch', default: 'yes', help: 'Check the graph before a run' },
    home: { flag: 'home', kind: 'path', default: 'the nearest .raceway', help: 'The folder that holds the store' },
    logFormat: {
        flag: 'log-format',
        kind: 'choice',
        choices: ['text', 'json'],
        default: 'text',
        help: 'Lines for people, or one JSON object a line',
    },
};
export const RUN_FLAGS = {
    tags: { flag: 'tag', kind: 'string', many: true, help: 'A label for the run' },
    maxWorkers: {
        flag: 'max-workers',
        kind: 'integer',
        minimum: 1,
        default: 'the number of processors',
        help: 'How many tasks may run at once',
    },
    maxLogSize: {
        flag: 'max-log-size',
        kind: 'number',
        minimum: 0.001,
        default: '10',
        help: 'Megabytes kept of each stdout and stderr of a task',
    },
    grace: {
        flag: 'grace',
        kind: 'number',
        minimum: 0,
        default: '5',
        help: 'Seconds that tasks get to stop when the run ends early',
    },
    isolation: {
        flag: 'isolation',
        kind: 'choice',
        choices: ['pool', 'task'],
        default: 'pool',
        help: 'Reuse worker processes, or one process for each task',
    },
    runIdFile: { flag: 'run-id-file', kind: 'path', help: 'Write the id of the run to this file' },
};
export const RESUME_FLAGS = {
    ...RUN_FLAGS,
    originRunId: {
        flag: 'origin-run-id',
        kind: 'string',
        default: 'the latest unsuccessful run of yours',
        help: 'The run to resume',
    },
    dryRun: {
        flag: 'dry-run',
        kind: 'switch',
        default: 'no',
        help: 'Only say what would be cloned and what would run again',
    },
    rerunChanged: { flag: 'rerun-changed', kind: 'switch', default: 'no', help: 'Run steps again whose source changed' },
};
export const INTERNAL_FLAGS = {
    runnerAttributeFile: {
        flag: 'runner-attribute-file',
        kind: 'path',
        help: 'Write flow name, run id and home to this file',
        hidden: true,
    },
    parametersFile: { flag: 'parameters-file', kind: 'path', help: 'Read parameters from this JSON file', hidden: true },
};
