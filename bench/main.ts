/**
 * Answers the questions about speed; each sets raceway beside what would be used instead, in the same run. Nothing fails
 * because it is slow.
 *
 *     npm run bench                  all of them; writes bench/results.md and docs/bench-results.md
 *     npm run bench -- start lines   some of them; `--write` writes the file all the same
 *     npm run bench -- --bounded     all of them in less than a minute, to see that each can be answered
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Bench } from './bench.ts';
import { describeCommit, describeLoad, describeMachine } from './machine.ts';
import { artifacts } from './questions/artifacts.ts';
import { client } from './questions/client.ts';
import { concurrency } from './questions/concurrency.ts';
import { firstLine } from './questions/first-line.ts';
import { foreach } from './questions/foreach.ts';
import { isolation } from './questions/isolation.ts';
import { kill } from './questions/kill.ts';
import { lines } from './questions/lines.ts';
import { metaflow } from './questions/metaflow.ts';
import { resume } from './questions/resume.ts';
import { runner } from './questions/runner.ts';
import { start } from './questions/start.ts';
import { tasks } from './questions/tasks.ts';
import { Report } from './report.ts';

interface Question {
  readonly text: string;
  readonly answer: (bench: Bench) => Promise<void>;
}

const QUESTIONS: Readonly<Record<string, Question>> = {
  start: { text: 'How long does the smallest flow take, from start to exit?', answer: start },
  runner: { text: 'What does a Runner add to the command that it runs?', answer: runner },
  tasks: { text: 'What does a task cost that does nothing?', answer: tasks },
  foreach: { text: 'How does that grow with the number of tasks?', answer: foreach },
  isolation: { text: 'What does a process for each task cost?', answer: isolation },
  concurrency: { text: 'What becomes of many runs at once?', answer: concurrency },
  lines: { text: 'How many lines a second can be read from a child?', answer: lines },
  'first-line': { text: 'How soon after it was written is a line in the hands of its reader?', answer: firstLine },
  kill: { text: 'How long does it take to end a run?', answer: kill },
  artifacts: { text: 'What does it cost to keep a value, and to read it back?', answer: artifacts },
  client: { text: 'How fast is a home read that holds many runs?', answer: client },
  resume: { text: 'What does it cost to take over what an earlier run finished?', answer: resume },
  metaflow: { text: 'How does the rest compare with Metaflow, whose Runner this one is made after?', answer: metaflow },
};

const { values: options, positionals: names } = parseArgs({
  options: { bounded: { type: 'boolean', default: false }, write: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const unknown = names.find((name) => !Object.hasOwn(QUESTIONS, name));
if (unknown !== undefined) {
  console.error(`there is no question ${JSON.stringify(unknown)}; there are: ${Object.keys(QUESTIONS).join(', ')}`);
  process.exit(2);
}
if (options.bounded && options.write) {
  console.error('--bounded measures too little to be written down; leave out one of --bounded and --write');
  process.exit(2);
}

const started = new Date();
const heading = [
  '# What the bench came to',
  '',
  options.bounded
    ? '**Bounded**: few repetitions of small things, to see that every question can be answered. The numbers mean little, so no aim is judged.'
    : 'Written by `npm run bench`; [docs/bench.md](../docs/bench.md) says how to read it.',
  '',
  ...describeMachine(),
  describeCommit(),
  `- begun ${started.toISOString().slice(0, 16).replace('T', ' ')} UTC`,
];
console.log(heading.join('\n'));

const report = new Report({ judges: !options.bounded });
const bench: Bench = { report, pick: (full, bounded) => (options.bounded ? bounded : full) };
for (const [name, { text, answer }] of Object.entries(QUESTIONS)) {
  if (names.length > 0 && !names.includes(name)) continue;
  report.ask(name, text);
  const before = describeLoad();
  try {
    await answer(bench);
  } catch (error) {
    process.exitCode = 1;
    report.note(`**Could not be answered**: ${error instanceof Error ? error.message : String(error)}`);
    console.error(error);
  }
  report.note(`Load of the machine before: ${before}; after: ${describeLoad()}.`);
}
report.printAims();
console.log(`\nThat took ${Math.round((Date.now() - started.getTime()) / 1000)} s.`);
if (options.write || (names.length === 0 && !options.bounded)) {
  for (const file of ['results.md', '../docs/bench-results.md'].map((name) => join(import.meta.dirname, name))) {
    writeFileSync(file, report.text(heading));
    console.log(`Written to ${file}.`);
  }
}
