/**
 * The options of the flow protocol, once: the Runner maps its options to flags by this table, the program parses its
 * command line by it, and `--help` and `describe --json` print it.
 */

/** One option of the flow protocol. */
export interface Flag {
  /** As on the command line, without the dashes. */
  readonly flag: string;
  /**
   * `switch` is `--flag` or `--no-flag`; everything else takes one value. The value of a `named-` kind is `name=path` or
   * `name=json`; it may be given several times, and then it is an object by name.
   */
  readonly kind:
    'switch' | 'string' | 'integer' | 'number' | 'path' | 'choice' | 'duration' | 'named-path' | 'named-json';
  /** Whether it may be given several times; then it is an array. */
  readonly many?: true;
  readonly choices?: readonly string[];
  /** The least value of an `integer` or `number`. */
  readonly minimum?: number;
  /** What holds without it, in words. */
  readonly default?: string;
  /** One line for `--help`. */
  readonly help: string;
  /** Spoken between processes, not by people. */
  readonly hidden?: true;
}

/** Options that stand before the command. */
export interface TopLevelOptions {
  /** Do not print the banner and the result of the lint to stderr. The log of the run is printed all the same. @default false */
  quiet?: boolean | undefined;
  /** Check the flow's graph before a run. @default true */
  lint?: boolean | undefined;
  /** The home to use, a folder. @default the nearest `.raceway` up from the working folder, else made there */
  home?: string | undefined;
  /** How events are printed: lines for people, or one JSON object a line. @default 'text' */
  logFormat?: 'text' | 'json' | undefined;
  /** Decorators for every step that has none of the same name, each as `name:key=value,…`: `retry:times=5`. */
  with?: readonly string[] | undefined;
  /** Files to read in place of the flow's own configuration files, by the name of the config. */
  config?: Readonly<Record<string, string>> | undefined;
  /** What such files would say, by the name of the config. */
  configValue?: Readonly<Record<string, unknown>> | undefined;
}

/** How many children a foreach may have unless the user says otherwise. */
export const DEFAULT_NUM_SPLITS = 100;

/** Options of `run`. */
export interface RunOptions {
  /** Labels for the run: at most 50, each of 1 to 500 characters. */
  tags?: readonly string[] | undefined;
  /** How many tasks may run at once, 1 or more. @default the number of processors */
  maxWorkers?: number | undefined;
  /** How many children a foreach may have, 1 or more. @default 100 */
  maxNumSplits?: number | undefined;
  /** How much of each task's stdout and of its stderr is kept, in megabytes of 1 000 000 bytes. @default 10 */
  maxLogSize?: number | undefined;
  /** How long tasks that ask for it are given to stop when the run ends early, in seconds. @default 5 */
  grace?: number | undefined;
  /** `pool` reuses worker processes; `task` gives every task a process of its own. @default 'pool' */
  isolation?: 'pool' | 'task' | undefined;
  /**
   * How long the run may take: seconds, or text with a unit (`500ms`, `90s`, `5m`, `2h`, `1d`). The run process sees to it
   * itself and ends with status `timeout`. @default no limit
   */
  timeout?: number | string | undefined;
  /** Decorators for every step that has none of the same name, each as `name:key=value,…`: `retry:times=5`. */
  with?: readonly string[] | undefined;
  /** A file to write the run's id to. */
  runIdFile?: string | undefined;
}

/** Options of `resume`. */
export interface ResumeOptions extends RunOptions {
  /**
   * The id of the run to resume. @default the latest run of this flow by this user in this home that did not succeed, nor any
   * resume of it; with a step to rerun, the latest that has ended
   */
  originRunId?: string | undefined;
  /** Say what would be cloned and what would run again, and why, without doing it. @default false */
  dryRun?: boolean | undefined;
  /** Also run those steps again whose source changed since the origin run. @default false */
  rerunChanged?: boolean | undefined;
}

/** Options of `spin`. */
export type SpinOptions = Pick<
  RunOptions,
  'tags' | 'maxNumSplits' | 'maxLogSize' | 'grace' | 'timeout' | 'with' | 'runIdFile'
>;

/** Options that one process gives to another. */
export interface InternalOptions {
  /** Where the run's id, flow and home are written once it exists, or why it does not. */
  runnerAttributeFile?: string | undefined;
  /** A JSON file with parameter values that do not fit on a command line, or must not be seen on one. */
  parametersFile?: string | undefined;
  /** A JSON file with the arguments that somebody typed to `raceway`, which must not be seen on a command line once more. */
  argumentsFile?: string | undefined;
}

/** The same of `spin`. */
export interface InternalSpinOptions extends InternalOptions {
  /** A JSON file with artifacts that do not fit on a command line. */
  artifactsFile?: string | undefined;
}

const WITH = {
  flag: 'with',
  kind: 'string',
  many: true,
  help: 'A decorator for every step, as name:key=value,…',
} as const satisfies Flag;

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
  with: WITH,
  config: { flag: 'config', kind: 'named-path', help: 'Read a config of the flow from another file' },
  configValue: { flag: 'config-value', kind: 'named-json', help: 'What a config of the flow says, instead of a file' },
} as const satisfies Record<keyof TopLevelOptions, Flag>;

export const RUN_FLAGS = {
  tags: { flag: 'tag', kind: 'string', many: true, help: 'A label for the run' },
  maxWorkers: {
    flag: 'max-workers',
    kind: 'integer',
    minimum: 1,
    default: 'the number of processors',
    help: 'How many tasks may run at once',
  },
  maxNumSplits: {
    flag: 'max-num-splits',
    kind: 'integer',
    minimum: 1,
    default: '100',
    help: 'How many children a foreach may have',
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
  timeout: {
    flag: 'timeout',
    kind: 'duration',
    default: 'none',
    help: 'How long the run may take, as 90s, 5m or 2h',
  },
  with: WITH,
  runIdFile: { flag: 'run-id-file', kind: 'path', help: 'Write the id of the run to this file' },
} as const satisfies Record<keyof RunOptions, Flag>;

export const RESUME_FLAGS = {
  ...RUN_FLAGS,
  originRunId: {
    flag: 'origin-run-id',
    kind: 'string',
    default: 'the latest unsuccessful run of yours; with a step, the latest',
    help: 'The run to resume',
  },
  dryRun: {
    flag: 'dry-run',
    kind: 'switch',
    default: 'no',
    help: 'Only say what would be cloned and what would run again',
  },
  rerunChanged: { flag: 'rerun-changed', kind: 'switch', default: 'no', help: 'Run steps again whose source changed' },
} as const satisfies Record<keyof ResumeOptions, Flag>;

export const SPIN_FLAGS = {
  artifacts: {
    flag: 'artifacts',
    kind: 'string',
    many: true,
    help: 'An artifact that the task finds instead of the inherited one, as name=<JSON>',
  },
  tags: RUN_FLAGS.tags,
  maxNumSplits: RUN_FLAGS.maxNumSplits,
  maxLogSize: RUN_FLAGS.maxLogSize,
  grace: { ...RUN_FLAGS.grace, help: 'Seconds that the task gets to stop when it is ended early' },
  timeout: { ...RUN_FLAGS.timeout, help: 'How long it may take, as 90s, 5m or 2h' },
  with: WITH,
  runIdFile: RUN_FLAGS.runIdFile,
} as const satisfies Record<keyof SpinOptions | 'artifacts', Flag>;

export const INTERNAL_FLAGS = {
  runnerAttributeFile: {
    flag: 'runner-attribute-file',
    kind: 'path',
    help: 'Write flow name, run id and home to this file',
    hidden: true,
  },
  parametersFile: { flag: 'parameters-file', kind: 'path', help: 'Read parameters from this JSON file', hidden: true },
  argumentsFile: { flag: 'arguments-file', kind: 'path', help: 'Read arguments from this JSON file', hidden: true },
} as const satisfies Record<keyof InternalOptions, Flag>;

export const INTERNAL_SPIN_FLAGS = {
  ...INTERNAL_FLAGS,
  artifactsFile: { flag: 'artifacts-file', kind: 'path', help: 'Read artifacts from this JSON file', hidden: true },
} as const satisfies Record<keyof InternalSpinOptions, Flag>;
