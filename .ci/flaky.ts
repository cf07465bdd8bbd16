/**
 * What `npm test` runs, several times in a row, while something else keeps the processors busy: `npm run flaky`, or `npm run flaky -- --times 3`.
 * It prints what failed in which round, and fails when something did.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '10' },
    /** How many processes do nothing but compute meanwhile. */
    load: { type: 'string', default: String(availableParallelism()) },
  },
});
const [times, load] = [Number(values.times), Number(values.load)];
if (!Number.isSafeInteger(times) || times < 1 || !Number.isSafeInteger(load) || load < 0) {
  console.error('usage: npm run flaky -- [--times <rounds>] [--load <processes>]');
  process.exit(2);
}

const LEFT_OUT = 'test/metaflow.test.ts';

interface Failure {
  readonly test: string;
  /** What vitest said. */
  readonly why: string;
}

interface Round {
  readonly passed: number;
  readonly failed: readonly Failure[];
  readonly seconds: number;
  readonly load: number;
}

const folder = mkdtempSync(join(tmpdir(), 'flaky-'));
const busy = Array.from({ length: load }, () => spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));
process.once('exit', endLoad);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    // With what its tests have started, which it leaves behind when it is ended.
    const goesOn = suite?.exitCode === null && suite.signalCode === null;
    if (goesOn && suite?.pid !== undefined) process.kill(-suite.pid, 'SIGTERM');
    rmSync(folder, { recursive: true, force: true });
    process.exit(1);
  });
}

console.log(`without ${LEFT_OUT}, which needs a Python with Metaflow: npm run test:metaflow`);

/** The round that goes on. */
let suite: ChildProcess | undefined;
const rounds: Round[] = [];
for (let index = 1; index <= times; index++) {
  const round = await runSuite(join(folder, `${index}.json`));
  rounds.push(round);
  const what = round.failed.length === 0 ? 'all passed' : 'FAILED';
  console.log(
    `round ${index} of ${times}: ${round.passed} passed, ${round.seconds} s, load ${round.load.toFixed(1)}: ${what}`,
  );
  for (const { test, why } of round.failed) console.log(`\n${test}\n${why.replaceAll(/^/gm, '    ')}\n`);
}
endLoad();
rmSync(folder, { recursive: true, force: true });
const failures = rounds.flatMap(({ failed }) => failed);
console.log(`\n${rounds.length} rounds with ${load} busy processes: ${failures.length} failures`);
for (const [test, all] of Map.groupBy(failures, (failure) => failure.test)) console.log(`${all.length} × ${test}`);
if (failures.length > 0) process.exitCode = 1;

async function runSuite(report: string): Promise<Round> {
  const start = performance.now();
  suite = spawn('vitest', ['run', '--exclude', LEFT_OUT, '--reporter=json', `--outputFile=${report}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  });
  const [status, signal] = (await once(suite, 'exit')) as [number | null, NodeJS.Signals | null];
  const seconds = Math.round((performance.now() - start) / 1000);
  const facts = { seconds, load: loadavg()[0] ?? 0 };
  if (!existsSync(report)) {
    return {
      ...facts,
      passed: 0,
      failed: [{ test: 'the suite as a whole', why: `it ended with ${status ?? signal} and left no report` }],
    };
  }
  const { numPassedTests, testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    numPassedTests: number;
    testResults: {
      name: string;
      status: string;
      message: string;
      assertionResults: { fullName: string; status: string; failureMessages: string[] }[];
    }[];
  };
  const failed = testResults.flatMap(({ name, status: fileStatus, message, assertionResults }) => {
    const tests = assertionResults.filter((test) => test.status === 'failed');
    if (fileStatus === 'failed' && tests.length === 0) return [{ test: name, why: message }];
    return tests.map(({ fullName, failureMessages }) => ({ test: fullName, why: failureMessages.join('\n') }));
  });
  // What was left behind fails the suite without failing a test.
  if (status !== 0 && failed.length === 0) failed.push({ test: 'the suite as a whole', why: 'see above' });
  return { ...facts, passed: numPassedTests, failed };
}

function endLoad(): void {
  for (const child of busy.splice(0)) child.kill('SIGKILL');
}
