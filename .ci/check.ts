/**
 * The gate, `npm run check`: all of its steps one after the other, the rest also when one fails, and then what came of each.
 * `npm run check -- --without tests metaflow` leaves steps out, for who has just run them.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

type Outcome = 'passed' | 'FAILED' | 'NOT RUN';

interface Step {
  readonly name: string;
  readonly command: string;
  /** A file that the step needs, and how to get it. Without it the step is not run, and that is said. */
  readonly needs?: { readonly file: string; readonly advice: string };
}

const VENV_PYTHON = '.venv/bin/python';

const STEPS: readonly Step[] = [
  { name: 'format', command: 'prettier --check --log-level=warn .' },
  { name: 'lint', command: 'npm run --silent lint' },
  { name: 'types', command: 'npm run --silent types' },
  { name: 'unused', command: 'knip --treat-config-hints-as-errors' },
  { name: 'tests', command: 'npm test --silent' },
  {
    name: 'metaflow',
    command: 'npm run --silent test:metaflow',
    needs: {
      file: process.env['RACEWAY_TEST_PYTHON'] ?? VENV_PYTHON,
      advice: `python3 -m venv .venv && ${VENV_PYTHON} -m pip install -r test/fixtures/metaflow/requirements.txt`,
    },
  },
  { name: 'package', command: 'npm run --silent shape' },
];

const outcomes = chosenSteps(process.argv.slice(2)).map((step) => {
  const startMs = performance.now();
  const outcome = run(step);
  return { name: step.name, outcome, seconds: ((performance.now() - startMs) / 1000).toFixed(1) };
});

console.log('\n── the gate');
for (const { name, outcome, seconds } of outcomes) {
  console.log(`${name.padEnd(10)} ${outcome.padEnd(8)} ${seconds.padStart(6)} s`);
}
if (outcomes.some(({ outcome }) => outcome === 'FAILED')) process.exitCode = 1;

function chosenSteps([option, ...names]: readonly string[]): readonly Step[] {
  const unknown = names.filter((name) => !STEPS.some((step) => step.name === name));
  if ((option !== undefined && option !== '--without') || unknown.length > 0) {
    console.error(`usage: npm run check -- [--without ${STEPS.map(({ name }) => name).join('|')} …]`);
    process.exit(2);
  }
  return STEPS.filter(({ name }) => !names.includes(name));
}

function run({ name, command, needs }: Step): Outcome {
  console.log(`\n── ${name}: ${command}`);
  if (needs !== undefined && !existsSync(needs.file)) {
    console.log(`NOT RUN: there is no ${needs.file}. To run it: ${needs.advice}`);
    return 'NOT RUN';
  }
  const [file = '', ...args] = command.split(' ');
  const { status, error } = spawnSync(file, args, { stdio: 'inherit' });
  if (error !== undefined) console.error(`could not start ${file}: ${error.message}`);
  return status === 0 ? 'passed' : 'FAILED';
}
