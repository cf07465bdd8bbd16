import { execFile } from 'node:child_process';
import { glob, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { formatFinding, type Finding } from '../../src/flow/lint.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures');

const UNREACHABLE_ADVICE = (name: string): string =>
  `call this.next(this.${name}) in the step before it, or remove it.`;

const JOIN_FORM = 'join((inputs: Inputs<this>) => …)';

/** What is said about each flow of `fixtures/flows/lint`; the lines are marked there. */
const EXPECTED = {
  good: [],
  'no-start': ['NoStart has no step start: name the step that the flow begins with start.'],
  'no-end': [
    'NoEnd has no step end: name the step that the flow ends with end.',
    'Steps go round in a cycle, start -> last -> start: let step last go on to another step, or back by a switch.',
  ],
  'no-transition': [
    'Step middle has no transition: let its own function call this.next(this.<step>), or name the step end if nothing follows.',
    `Step end is unreachable, no step leads to it: ${UNREACHABLE_ADVICE('end')}`,
  ],
  'two-transitions': ['Step start has 2 transitions (lines 8, 12): call this.next() in one place only, last.'],
  'unknown-target': [
    'Step start goes to wrok, which is not a step: did you mean work?',
    `Step work is unreachable, no step leads to it, nor, but through it, to end: ${UNREACHABLE_ADVICE('work')}`,
  ],
  'artifact-target': [
    'Step start goes to finished, which is not a step: make it one with finished = step(…)',
    `Step end is unreachable, no step leads to it: ${UNREACHABLE_ADVICE('end')}`,
  ],
  'end-goes-on': [
    'Step end has a transition, but nothing follows the end: remove this.next().',
    'Steps go round in a cycle, end -> more -> end: let step more go on to another step, or back by a switch.',
  ],
  unreachable: [
    `Step lost is unreachable, no step leads to it, nor, but through it, to alsoLost: ${UNREACHABLE_ADVICE('lost')}`,
  ],
  cycle: [
    `Step end is unreachable, no step leads to it: ${UNREACHABLE_ADVICE('end')}`,
    'Steps go round in a cycle, a -> b -> a: let step b go on to another step, or back by a switch.',
  ],
  'every-shape': [],
  'unknown-form': [
    'Step start has a transition of a form that is not understood, this.next(this.work, options): ' +
      'write it as this.next(this.<step>), with more steps for branches, as this.next(this.<step>, { foreach: <items> }) ' +
      'or as this.next({ yes: this.<step>, no: this.<step> }, { condition: <value> }).',
  ],
  'branch-not-joined': [
    `Step start branches to a, b, and they never meet in a join: let them go on to one before end, made by ${JOIN_FORM}.`,
  ],
  'foreach-not-joined': [
    `Step start has a foreach, and the tasks of work never meet in a join: let them go on to one before end, made by ${JOIN_FORM}.`,
  ],
  'join-without-split': [
    'Step merge is a join, but step start leads to it from no branch and no foreach: make it a step with merge = step(…), or split before it.',
  ],
  'unrelated-branches': [
    'Step merge joins branches of unrelated splits, those of steps start and a: close the inner split with a join of its own first.',
  ],
  'missing-branch': [
    'Step first joins 2 of the 3 branches of step start, c does not lead to it: let every branch go on to first.',
    'Step second joins 1 of the 3 branches of step start, a, b do not lead to it: let every branch go on to second.',
  ],
  'joined-twice': [
    'Step start splits, and is joined in several places, first and second: let every path go on to one of them.',
  ],
  'meeting-without-join': [
    `Step meet is where branches a and b of step start meet, but it is no join: make it one with meet = ${JOIN_FORM}.`,
  ],
  'inside-and-outside': [
    'Step start is reached both from inside and from outside of the split in step start: ' +
      'let its branches meet in a join first, or let them go to a step of their own.',
  ],
  'straight-to-join': [
    'Step start has a foreach that leads straight to join each: put a step between them, which gets the item.',
    'Step each branches straight to join both: put a step between them.',
    'Step a leads to join both on a condition: let the case lead to a step that goes on to both.',
  ],
  'join-at-the-end': ['Step end is a join, which the end cannot be: put a join before it that goes on to end.'],
  'switch-with-one-case': [
    'Step start has a switch of fewer than two cases: add a case, or go to the step without a condition.',
  ],
  'branch-twice': [
    'Step start branches to a twice: name each branch once, or use a foreach for many tasks of one step.',
  ],
  'endless-loop': [
    'Step loop has no case that leads out of its loop: let one lead to a step from which end is reached.',
  ],
  bound: [
    'Step start is a bound or built-in function, whose source cannot be read: give step() the function itself, an arrow function if it uses this.',
  ],
  'reserved-step': [
    'Step next is named like a member of every flow: give it another name.',
    'Step "größe" is no name for a step: use letters, digits and "_", and no digit first.',
    'Step größe has no transition: let its own function call this.next(this.<step>), or name the step end if nothing follows.',
    `Step größe is unreachable, no step leads to it: ${UNREACHABLE_ADVICE('größe')}`,
  ],
  'parameter-names': [
    'Parameter maxWorkers is named like the option --max-workers: give it another name.',
    'Parameter run-id-file is named like the option --run-id-file: give it another name.',
    'Parameter tag is named like the option --tag: give it another name.',
    'Parameter noLint is named like the option --no-lint: give it another name.',
    'Parameter help is named like the option --help: give it another name.',
    'Parameter toString is named like a member of every flow: give it another name.',
    'Parameter "a b" is no name for an option: use letters, digits and "_", and no digit first.',
    'Parameters rate and Rate have one name in the environment, RACEWAY_RUN_RATE: rename one.',
    'Parameters learning_rate and learning-rate have one name in the environment, RACEWAY_RUN_LEARNING_RATE: rename one.',
    'Parameter "learning-rate" is no name for an option: use letters, digits and "_", and no digit first.',
    'Parameter Start is named like step start: rename one of them.',
    'Config end is named like a step: rename one of them.',
    'Config valueOf is named like a member of every flow: give it another name.',
    'Config "a-b" is no name for a config: use letters, digits and "_", and no digit first.',
  ],
  subclass: [`Step extra is unreachable, no step leads to it: ${UNREACHABLE_ADVICE('extra')}`],
} as const satisfies Record<string, readonly string[]>;

type FixtureName = keyof typeof EXPECTED;

const findings = new Map<string, readonly Finding[]>();

beforeAll(async () => {
  const files = await Array.fromAsync(glob(join(FIXTURES, 'flows/lint/*.ts')));
  const script = join(FIXTURES, 'lint-flow.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...files]);
  for (const line of stdout.trim().split('\n')) {
    const result = JSON.parse(line) as { file: string; findings: readonly Finding[] };
    findings.set(basename(result.file, '.ts'), result.findings);
  }
});

test('the lint has an expectation for every fixture', () => {
  expect([...findings.keys()].toSorted()).toEqual(Object.keys(EXPECTED).toSorted());
});

describe('the lint', () => {
  test.for(Object.keys(EXPECTED) as FixtureName[])('says what is wrong with %s, and on which lines', async (name) => {
    const found = findings.get(name) ?? [];
    expect(found.map(({ message }) => message)).toEqual(EXPECTED[name]);
    const file = join(FIXTURES, 'flows/lint', `${name}.ts`);
    const lines = (await readFile(file, 'utf8')).split('\n');
    const marked = lines.flatMap((line, index) => (line.includes('finding below') ? [index + 2] : []));
    expect([...new Set(found.map(({ line }) => line))].toSorted((a = 0, b = 0) => a - b)).toEqual(marked);
    expect(found.every((finding) => finding.file === file)).toBe(true);
  });
});

test('a finding is printed with its place as seen from the working folder', () => {
  const file = join(process.cwd(), 'flows', 'slowflow.ts');
  expect(formatFinding({ message: 'Step a …', step: 'a', file, line: 12 })).toBe(
    `${join('flows', 'slowflow.ts')}:12: Step a …`,
  );
});

test('a finding without a place is printed as it is', () => {
  expect(formatFinding({ message: 'Step a …', step: 'a' })).toBe('Step a …');
});
