/**
 * The options of the flow protocol, once: the Runner maps its options to flags by this table, the program parses its
 * command line by it, and `--help` and `describe --json` print it.
 */
/** One option of the flow protocol. */
export interface Flag {
    /** As on the command line, without the dashes. */
    readonly flag: string;
    /** `switch` is `--flag` or `--no-flag`; everything else takes one value. */
    readonly kind: 'switch' | 'string' | 'integer' | 'number' | 'path' | 'choice';
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
}
/** Options of `run`. */
export interface RunOptions {
    /** Labels for the run: at most 50, each of 1 to 500 characters. */
    tags?: readonly string[] | undefined;
    /** How many tasks may run at once, 1 or more. @default the number of processors */
    maxWorkers?: number | undefined;
    /** How much of each task's stdout and of its stderr is kept, in megabytes of 1 000 000 bytes. @default 10 */
    maxLogSize?: number | undefined;
    /** How long tasks that ask for it are given to stop when the run ends early, in seconds. @default 5 */
    grace?: number | undefined;
    /** `pool` reuses worker processes; `task` gives every task a process of its own. @default 'pool' */
    isolation?: 'pool' | 'task' | undefined;
    /** A file to write the run's id to. */
    runIdFile?: string | undefined;
}
/** Options of `resume`. */
export interface ResumeOptions extends RunOptions {
    /** The id of the run to resume. @default the latest run of this flow by this user in this home that did not succeed */
    originRunId?: string | undefined;
    /** Say what would be cloned and what would run again, and why, without doing it. @default false */
    dryRun?: boolean | undefined;
    /** Also run those steps again whose source changed since the origin run. @default false */
    rerunChanged?: boolean | undefined;
}
/** Options that one process gives to another. */
export interface InternalOptions {
    /** Where the run's id, flow and home are written once it exists, or why it does not. */
    runnerAttributeFile?: string | undefined;
    /** A JSON file with parameter values that do not fit on a command line, or must not be seen on one. */
    parametersFile?: string | undefined;
}
export declare const TOP_LEVEL_FLAGS: {
    readonly quiet: {
        readonly flag: 'quiet';
        readonly kind: 'switch';
        readonly default: 'no';
        readonly help: 'Print neither the banner nor the result of the lint';
    };
    readonly lint: {
        readonly flag: 'lint';
        readonly kind: 'switch';
        readonly default: 'yes';
        readonly help: 'Check the graph before a run';
    };
    readonly home: {
        readonly flag: 'home';
        readonly kind: 'path';
        readonly default: 'the nearest .raceway';
        readonly help: 'The folder that holds the store';
    };
    readonly logFormat: {
        readonly flag: 'log-format';
        readonly kind: 'choice';
        readonly choices: readonly ["text", "json"];
        readonly default: 'text';
        readonly help: 'Lines for people, or one JSON object a line';
    };
};
export declare const RUN_FLAGS: {
    readonly tags: {
        readonly flag: 'tag';
        readonly kind: 'string';
        readonly many: true;
        readonly help: 'A label for the run';
    };
    readonly maxWorkers: {
        readonly flag: 'max-workers';
        readonly kind: 'integer';
        readonly minimum: 1;
        readonly default: 'the number of processors';
        readonly help: 'How many tasks may run at once';
    };
    readonly maxLogSize: {
        readonly flag: 'max-log-size';
        readonly kind: 'number';
        readonly minimum: 0.001;
        readonly default: '10';
        readonly help: 'Megabytes kept of each stdout and stderr of a task';
    };
    readonly grace: {
        readonly flag: 'grace';
        readonly kind: 'number';
        readonly minimum: 0;
        readonly default: '5';
        readonly help: 'Seconds that tasks get to stop when the run ends early';
    };
    readonly isolation: {
        readonly flag: 'isolation';
        readonly kind: 'choice';
        readonly choices: readonly ["pool", "task"];
        readonly default: 'pool';
        readonly help: 'Reuse worker processes, or one process for each task';
    };
    readonly runIdFile: {
        readonly flag: 'run-id-file';
        readonly kind: 'path';
        readonly help: 'Write the id of the run to this file';
    };
};
export declare const RESUME_FLAGS: {
    readonly tags: {
        readonly flag: 'tag';
        readonly kind: 'string';
        readonly many: true;
        readonly help: 'A label for the run';
    };
    readonly maxWorkers: {
        readonly flag: 'max-workers';
        readonly kind: 'integer';
        readonly minimum: 1;
        readonly default: 'the number of processors';
        readonly help: 'How many tasks may run at once';
    };
    readonly maxLogSize: {
        readonly flag: 'max-log-size';
        readonly kind: 'number';
        readonly minimum: 0.001;
        readonly default: '10';
        readonly help: 'Megabytes kept of each stdout and stderr of a task';
    };
    readonly grace: {
        readonly flag: 'grace';
        readonly kind: 'number';
        readonly minimum: 0;
        readonly default: '5';
        readonly help: 'Seconds that tasks get to stop when the run ends early';
    };
    readonly isolation: {
        readonly flag: 'isolation';
        readonly kind: 'choice';
        readonly choices: readonly ["pool", "task"];
        readonly default: 'pool';
        readonly help: 'Reuse worker processes, or one process for each task';
    };
    readonly runIdFile: {
        readonly flag: 'run-id-file';
        readonly kind: 'path';
        readonly help: 'Write the id of the run to this file';
    };
    readonly originRunId: {
        readonly flag: 'origin-run-id';
        readonly kind: 'string';
        readonly default: 'the latest unsuccessful run of yours';
        readonly help: 'The run to resume';
    };
    readonly dryRun: {
        readonly flag: 'dry-run';
        readonly kind: 'switch';
        readonly default: 'no';
        readonly help: 'Only say what would be cloned and what would run again';
    };
    readonly rerunChanged: {
        readonly flag: 'rerun-changed';
        readonly kind: 'switch';
        readonly default: 'no';
        readonly help: 'Run steps again whose source changed';
    };
};
export declare const INTERNAL_FLAGS: {
    readonly runnerAttributeFile: {
        readonly flag: 'runner-attribute-file';
        readonly kind: 'path';
        readonly help: 'Write flow name, run id and home to this file';
        readonly hidden: true;
    };
    readonly parametersFile: {
        readonly flag: 'parameters-file';
        readonly kind: 'path';
        readonly help: 'Read parameters from this JSON file';
        readonly hidden: true;
    };
};
