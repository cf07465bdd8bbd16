import type { Explanation } from './explain.ts';
import type { PastLine } from './past-lines.ts';
import { plainJson } from './plain-json.ts';
import { runFacts } from './run-facts.ts';
import { artifactFacts, taskFacts } from './task-facts.ts';

/** An explanation for programs; without one, with all that there would be of a run. */
export function explanationJson(explanation: Explanation | undefined): object {
  return explanation === undefined ? NOTHING : jsonOf(explanation);
}

const NOTHING: Readonly<Record<keyof ReturnType<typeof jsonOf>, unknown>> = {
  run: null,
  stderr: null,
  resumes: [],
  task: null,
  failedTask: null,
  exception: null,
  inputs: null,
  lastLines: [],
  runningTasks: [],
  source: null,
  commands: { spin: null, resume: null },
  secrets: { giveAgain: [], giveIfGiven: [] },
};

function jsonOf({
  run,
  words,
  resumes,
  task,
  failed,
  unfinished,
  unfinishedLines,
  source,
  commands,
  secrets,
}: Explanation) {
  const parameters: Readonly<Record<string, unknown>> = run.parameters;
  return {
    run: runFacts(run),
    stderr: words === undefined ? null : { file: words.file, lastLines: words.lines },
    resumes: resumes.map((resume) => runFacts(resume)),
    task: task === undefined ? null : taskFacts(task.task),
    failedTask: failed === undefined ? null : taskFacts(failed),
    exception: task?.task.exception ?? null,
    inputs:
      task === undefined
        ? null
        : {
            item: plainJson(task.task.item) ?? null,
            parameters: plainJson(parameters),
            parametersRead: task.task.parametersRead ?? null,
            parentTasks: task.parents.map(({ pathspec }) => pathspec),
            artifacts: task.inherited.map(({ artifact, shown }) => artifactFacts(artifact, shown)),
          },
    lastLines: task?.lines.map(lineFacts) ?? [],
    runningTasks: unfinished.map((one, index) => ({
      ...taskFacts(one),
      lastLines: unfinishedLines[index]?.map(lineFacts) ?? [],
    })),
    source: source ?? null,
    commands: { spin: commands.spin ?? null, resume: commands.resume ?? null },
    secrets,
  };
}

function lineFacts({ time, stream, text }: PastLine): object {
  return { time: time.toISOString(), stream, text };
}
