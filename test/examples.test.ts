import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from './temporary-folder.ts';

const execute = promisify(execFile);

const RUN = /SlowFlow\/\d+/;

/** Runs an example in a folder of its own, and resolves with what it printed, without colours. */
async function runExample(name: string, { folder, seconds }: { folder: string; seconds?: number }): Promise<string> {
  const { stdout } = await execute(
    process.execPath,
    [fileURLToPath(new URL(`../examples/${name}.ts`, import.meta.url))],
    {
      cwd: folder,
      env: {
        ...process.env,
        NO_COLOR: '1',
        RACEWAY_HOME: `${folder}/home`,
        RACEWAY_RUN_SECONDS: seconds === undefined ? '' : String(seconds),
      },
    },
  );
  return stdout;
}

describe.concurrent('an example', () => {
  test('blocking-run shows the output of the run and says when it has ended', async () => {
    using folder = temporaryFolder();
    const output = await runExample('blocking-run', { folder: folder.path, seconds: 1 });
    expect(output).toMatch(/start\/1 \(pid \d+\)\] 0 seconds passed\n/);
    expect(output).toMatch(/ Done!\nSlowFlow\/\d+ finished\n$/);
  });

  test('parameters-and-results hands over a parameter and reads it back', async () => {
    using folder = temporaryFolder();
    const output = await runExample('parameters-and-results', { folder: folder.path });
    expect(output).toMatch(/^✅ SlowFlow\/\d+ succeeded:\n-- stdout --\n/);
    expect(output).toMatch(/1 seconds passed\n/);
    expect(output).toMatch(/-- stderr --\n.*The graph looks good!\n/s);
    expect(output).toMatch(/⏰ The flow waited for 2 seconds\n$/);
  });

  test('check-links gets what can be had by trying again, and says what is broken', async () => {
    using folder = temporaryFolder();
    const output = await runExample('check-links', { folder: folder.path });
    const verdicts = [...output.matchAll(/^(\S) http:\/\/127\.0\.0\.1:\d+(\/\w+)/gmu)];
    expect(verdicts.map(([, mark, path]) => `${mark} ${path}`)).toEqual([
      '✅ /fine',
      '✅ /busy',
      '✅ /slow',
      '❌ /dead',
      '❌ /gone',
    ]);
  });

  test('detached-run lets a run go on and reads it to its end', async () => {
    using folder = temporaryFolder();
    const output = await runExample('detached-run', { folder: folder.path });
    expect(output).toMatch(/^SlowFlow\/\d+ goes on by itself\n/);
    expect(output).toMatch(/1 seconds passed\n/);
    expect(output).toMatch(/It was successful, and waited for 2 seconds\n$/);
  });

  test('top-level-options runs the flow without its lint', async () => {
    using folder = temporaryFolder();
    const output = await runExample('top-level-options', { folder: folder.path, seconds: 0 });
    expect(output).toMatch(/ Done!\nSlowFlow\/\d+ finished without a check of its graph\n$/);
  });

  test('run-options-and-tags labels the run and finds it by its label', async () => {
    using folder = temporaryFolder();
    const output = await runExample('run-options-and-tags', { folder: folder.path, seconds: 0 });
    const [run] = RUN.exec(output) ?? [];
    expect(output).toBe(`${run} has the tags another_tag, myrun\nfound by its tag: ${run}\n`);
  });

  test('poll-status sees the run running and then ended', async () => {
    using folder = temporaryFolder();
    const output = await runExample('poll-status', { folder: folder.path, seconds: 1 });
    expect(output).toMatch(/^(Run status is running\n)+SlowFlow\/\d+ finished\n$/);
  });

  test('wait-for-run goes on while the run is running', async () => {
    using folder = temporaryFolder();
    const output = await runExample('wait-for-run', { folder: folder.path, seconds: 1 });
    const [run] = RUN.exec(output) ?? [];
    expect(output).toBe(`${run} is running, and here goes something else\n${run} finished\n`);
  });

  test('stream-lines prints every line of the run once', async () => {
    using folder = temporaryFolder();
    const output = await runExample('stream-lines', { folder: folder.path, seconds: 1 });
    const texts = output.split('\n').map((line) => line.replace(/^OUT: \S+ \S+ (\[.*?\] )?/, ''));
    expect(texts).toEqual([
      expect.stringContaining('Workflow starting'),
      'Task is starting.',
      '0 seconds passed',
      'Task finished successfully.',
      'Task is starting.',
      'Task finished successfully.',
      'Done!',
      expect.stringMatching(/^SlowFlow\/\d+ finished$/),
      '',
    ]);
  });

  test('pull-lines goes on from a position without a gap or a repeat', async () => {
    using folder = temporaryFolder();
    const output = await runExample('pull-lines', { folder: folder.path });
    expect(output).toMatch(/^(STILL RUNNING: .*\n)+(AFTERWARDS: .*\n)+SlowFlow\/\d+ finished\n$/);
    const seconds = [...output.matchAll(/(\d) seconds passed/g)].map(([, second]) => second);
    expect(seconds).toEqual(['0', '1', '2']);
  });

  test('concurrent-runs has five runs at once and shows each as it ends', async () => {
    using folder = temporaryFolder();
    const output = await runExample('concurrent-runs', { folder: folder.path });
    expect(output).toMatch(/^5 runs are still running\n/);
    const seconds = [...output.matchAll(/SlowFlow\/\d+ ran for (\d) seconds/g)].map(([, second]) => second);
    expect(new Set(seconds)).toEqual(new Set(['0', '1', '2', '3', '4']));
    expect(seconds).toHaveLength(5);
  });

  test('resume-run and resume-run-in-background resume the oldest run', async () => {
    using folder = temporaryFolder();
    const first = RUN.exec(await runExample('wait-for-run', { folder: folder.path, seconds: 0 }))?.[0] ?? '';
    const id = first.replace('SlowFlow/', '');
    const resumed = await runExample('resume-run', { folder: folder.path });
    expect(resumed).toMatch(new RegExp(`^Resuming the first run of SlowFlow, ${id}\n`));
    expect(resumed).toContain(`Cloning previously run task ${id}/start/1\n`);
    expect(resumed).toMatch(/Resumed run SlowFlow\/\d+ completed\n$/);
    const inBackground = await runExample('resume-run-in-background', { folder: folder.path });
    expect(inBackground).toMatch(
      new RegExp(
        `^Resuming the first run of SlowFlow, ${id}\n(SlowFlow/\\d+) is running\nResumed run \\1 completed\n$`,
      ),
    );
  });

  test('spin-task runs the failed task again until it is right, and another on other data', async () => {
    using folder = temporaryFolder();
    const output = await runExample('spin-task', { folder: folder.path });
    const [run] = /TextStats\/\d+/.exec(output) ?? [];
    expect(output).toContain(`${run} failed: {\n  kind: 'task',`);
    expect(output).toMatch(new RegExp(`^${run}/words/3 again: successful, \\d{4,} different words$`, 'm'));
    expect(output).toMatch(new RegExp(`^${run}/sentences/2 with a short text: 2 sentences$`, 'm'));
  });

  test('sweep runs every row, and skips all of them when it is run again', async () => {
    using folder = temporaryFolder();
    const output = await runExample('sweep', { folder: folder.path });
    const first = output.trimEnd().split('\n').toSorted();
    expect(first.map((line) => line.replace(RUN, '<run>'))).toEqual(
      [0, 1, 2].map((seconds) => `${seconds} seconds: <run> ended`),
    );
    const again = await runExample('sweep', { folder: folder.path });
    expect(again.trimEnd().split('\n').toSorted()).toEqual(first.map((line) => line.replace('ended', 'skipped')));
  });

  test('demo shows lines, reads artifacts, and resumes a failed run without running its finished steps', async () => {
    using folder = temporaryFolder();
    const output = await runExample('demo', { folder: folder.path });
    expect(output).toMatch(/^words +100% read, [\d,]+ different words$/m);
    expect(output).toMatch(/^topWords: Map\(5\) \{\n {2}'the' => \d+,/m);
    expect(output).toMatch(/^ExecutingRun TextStats\/\d+ \(failed: .*Unterminated character class\)$/m);
    expect(output).toMatch(
      /^start +taken over from .*\nsentences +taken over from .*\nwords +run\ndistribution +run\nend +run$/m,
    );
  });
});
