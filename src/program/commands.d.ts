import { type Flag } from '../core/flags.ts';
import type { ProgramContext } from './program.ts';
import type { Workers } from './workers.ts';
/** A command of a flow script. Its action resolves with the exit status. */
export type Command = CommandForm &
  (
    | {
        readonly executes: false;
        readonly load: () => Promise<(context: ProgramContext) => Promise<number>>;
      }
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
export declare const COMMANDS: {
  readonly run: {
    readonly words: '';
    readonly minWords: 0;
    readonly maxWords: 0;
    readonly flags: {
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
        readonly choices: readonly ['pool', 'task'];
        readonly default: 'pool';
        readonly help: 'Reuse worker processes, or one process for each task';
      };
      readonly runIdFile: {
        readonly flag: 'run-id-file';
        readonly kind: 'path';
        readonly help: 'Write the id of the run to this file';
      };
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
    readonly executes: true;
    readonly help: 'Start a new run';
    readonly load: () => Promise<typeof import('./commands/run.ts').run>;
  };
  readonly resume: {
    readonly words: '[step-to-rerun]';
    readonly minWords: 0;
    readonly maxWords: 1;
    readonly flags: {
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
        readonly choices: readonly ['pool', 'task'];
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
    readonly executes: true;
    readonly help: 'Start a run that takes over what an earlier one finished';
    readonly load: () => Promise<typeof import('./commands/resume.ts').resume>;
  };
  readonly show: {
    readonly words: '';
    readonly minWords: 0;
    readonly maxWords: 0;
    readonly flags: {};
    readonly executes: false;
    readonly help: 'Show the steps and where they lead';
    readonly load: () => Promise<typeof import('./commands/show.ts').show>;
  };
  readonly check: {
    readonly words: '';
    readonly minWords: 0;
    readonly maxWords: 0;
    readonly flags: {};
    readonly executes: false;
    readonly help: 'Check the graph';
    readonly load: () => Promise<typeof import('./commands/check.ts').check>;
  };
  readonly describe: {
    readonly words: '';
    readonly minWords: 0;
    readonly maxWords: 0;
    readonly flags: {
      readonly json: {
        readonly flag: 'json';
        readonly kind: 'switch';
        readonly default: 'yes';
        readonly help: 'As JSON';
      };
    };
    readonly executes: false;
    readonly help: 'Print the definition for programs: parameters as JSON Schema, graph, options';
    readonly load: () => Promise<typeof import('./commands/describe.ts').describe>;
  };
  readonly dump: {
    readonly words: '<run/step[/task]>';
    readonly minWords: 1;
    readonly maxWords: 1;
    readonly flags: {
      readonly include: {
        readonly flag: 'include';
        readonly kind: 'string';
        readonly many: true;
        readonly help: 'Only this artifact';
      };
      readonly maxValueSize: {
        readonly flag: 'max-value-size';
        readonly kind: 'integer';
        readonly minimum: 0;
        readonly default: '1000';
        readonly help: 'Characters shown of each value; 0 shows names only';
      };
    };
    readonly executes: false;
    readonly help: 'Print the artifacts of tasks';
    readonly load: () => Promise<typeof import('./commands/dump.ts').dump>;
  };
  readonly logs: {
    readonly words: '<run/step[/task]>';
    readonly minWords: 1;
    readonly maxWords: 1;
    readonly flags: {
      readonly stdout: {
        readonly flag: 'stdout';
        readonly kind: 'switch';
        readonly default: 'yes';
        readonly help: 'Show stdout';
      };
      readonly stderr: {
        readonly flag: 'stderr';
        readonly kind: 'switch';
        readonly default: 'yes';
        readonly help: 'Show stderr';
      };
      readonly timestamps: {
        readonly flag: 'timestamps';
        readonly kind: 'switch';
        readonly default: 'no';
        readonly help: 'Show when each line was written';
      };
    };
    readonly executes: false;
    readonly help: 'Print what tasks wrote to stdout and stderr';
    readonly load: () => Promise<typeof import('./commands/logs.ts').logs>;
  };
  readonly tag: {
    readonly words: '<add|remove|replace|list> [tag...]';
    readonly minWords: 1;
    readonly maxWords: number;
    readonly flags: {
      readonly runId: {
        readonly flag: 'run-id';
        readonly kind: 'string';
        readonly default: 'the latest run';
        readonly help: 'The run to label';
      };
    };
    readonly executes: false;
    readonly help: 'Label a run: add, remove, replace old new, list';
    readonly load: () => Promise<typeof import('./commands/tag.ts').tag>;
  };
};
export type CommandName = keyof typeof COMMANDS;
export {};
