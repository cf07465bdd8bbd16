import { existsSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { flowFolder, type FlowFolder } from '../flow-folder.ts';
import { until } from '../until.ts';

const SAMPLE = `
export class Sample extends FlowSpec.with({
  fail: parameter.boolean({ default: true }),
  size: parameter.integer({ default: 2 }),
}) {
  items: number[] = [];
  total = 0;
  start = step(() => {
    trace('ran', 'start');
    console.log('start was here');
    this.items = [1, 2, 3];
    this.next(this.middle);
  });
  middle = step(() => {
    trace('ran', 'middle');
    this.items.push(this.size);
    this.next(this.last);
  });
  last = step(() => {
    trace('ran', 'last');
    if (this.fail) throw new Error('asked to');
    this.total = this.items.length;
    this.next(this.end);
  });
  end = step(() => trace('ran', 'end'));
}`;

function ran(folder: FlowFolder): string[] {
  return folder.trace('ran').trim().split('\n');
}

async function latestRun(folder: FlowFolder) {
  const home = await folder.home();
  const run = await home.flow('Sample').latestRun();
  if (run === undefined) throw new Error('there is no run');
  return { run, [Symbol.asyncDispose]: () => home.close() };
}

test('what succeeded is taken over and the rest is executed', async () => {
  using folder = flowFolder(SAMPLE);
  await folder.run(['run', '--tag=mine']);
  await using before = await latestRun(folder);
  const { status, stdout } = await folder.run(['resume', '--fail=false']);
  expect(status).toBe(0);
  expect(ran(folder)).toStrictEqual(['start', 'middle', 'last', 'last', 'end']);
  await using after = await latestRun(folder);
  const { run } = after;
  expect(stdout).toContain(`[${run.id}/start/1] Cloning previously run task ${before.run.id}/start/1`);
  expect(run.originRunId).toBe(before.run.id);
  expect(run.userTags).toStrictEqual(['mine']);
  expect(await run.load('items', 'total')).toStrictEqual({ items: [1, 2, 3, 2], total: 4 });
  const tasks = (await Array.fromAsync(run.tasks())).toReversed();
  expect(tasks.map(({ id, stepName, originPathspec }) => [id, stepName, originPathspec])).toStrictEqual([
    ['1', 'start', `${before.run.pathspec}/start/1`],
    ['2', 'middle', `${before.run.pathspec}/middle/2`],
    ['3', 'last', undefined],
    ['4', 'end', undefined],
  ]);
  expect(await tasks[0]?.stdout()).toBe('start was here\n');
  expect(await Array.fromAsync(tasks[2]?.parentTasks() ?? [], (task) => task.id)).toStrictEqual(['2']);
});

test('a resumed run can be resumed, and is what is resumed next', async () => {
  using folder = flowFolder(SAMPLE);
  await folder.run(['run']);
  await folder.run(['resume']);
  await using second = await latestRun(folder);
  expect((await folder.run(['resume', '--fail=false'])).status).toBe(0);
  await using third = await latestRun(folder);
  expect(third.run.originRunId).toBe(second.run.id);
  expect(ran(folder)).toStrictEqual(['start', 'middle', 'last', 'last', 'last', 'end']);
});

test.each([['in the middle of a step'], ['while it ignores signals']])(
  'a run whose process was killed %s is completed without running a finished step again',
  async (how) => {
    const waits = how.includes('ignores') ? 'for (;;);' : 'await sleep(600_000);';
    using folder = flowFolder(
      SAMPLE.replace('last = step(() => {', 'last = step(async () => {').replace(
        `throw new Error('asked to')`,
        `{ trace('begun', ''); ${waits} }`,
      ),
    );
    const { child, finished } = folder.start(['run']);
    await until(() => folder.trace('begun') !== '');
    child.kill('SIGKILL');
    await finished;
    await using before = await latestRun(folder);
    expect([before.run.status, before.run.reason]).toStrictEqual(['failed', { kind: 'lost' }]);
    expect((await folder.run(['resume', '--fail=false'])).status).toBe(0);
    expect(ran(folder)).toStrictEqual(['start', 'middle', 'last', 'last', 'end']);
  },
);

test('a run that is still running cannot be resumed', async () => {
  using folder = flowFolder(
    SAMPLE.replace(
      `throw new Error('asked to')`,
      `{ while (true) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5), trace('begun', ''); }`,
    ),
  );
  const { child, finished } = folder.start(['run']);
  await until(() => folder.trace('begun') !== '');
  await using latest = await latestRun(folder);
  const { stderr, status } = await folder.run(['resume', `--origin-run-id=${latest.run.id}`]);
  expect(stderr).toMatch(/^Error: cannot resume Sample\/\d+: it is still running \(pid \d+ on .*\)\nWait for it/m);
  expect(status).toBe(1);
  const other = await folder.run(['resume']);
  expect(other.stderr).toMatch(
    /^Error: there is no run of Sample by .* to resume: none failed, or a resume has made it good\nName one with --origin-run-id/m,
  );
  child.kill('SIGTERM');
  await finished;
});

test('without an origin, a run that a resume may still make good is left out', async () => {
  using folder = flowFolder(
    SAMPLE.replace('last = step(() => {', 'last = step(async () => {').replace(
      'this.total = this.items.length;',
      `{ trace('begun', ''); while (!existsSync(new URL('go', import.meta.url))) await sleep(5); }`,
    ),
  );
  await folder.run(['run']);
  await using older = await latestRun(folder);
  await folder.run(['run']);
  await using latest = await latestRun(folder);
  const resuming = folder.start(['resume', '--fail=false']);
  await until(() => folder.trace('begun') !== '');
  const chosen = await folder.run(['resume', '--dry-run']);
  expect(chosen.stdout).toContain(`Resuming ${older.run.pathspec} would do this:`);
  await older.run.remove();
  const { stderr, status } = await folder.run(['resume', '--dry-run']);
  expect(stderr).toContain(
    `Error: a resume of ${latest.run.pathspec} is going on, and no other run of Sample by ${latest.run.user} is left to resume\nWait for it.`,
  );
  expect(status).toBe(1);
  writeFileSync(folder.file('go'), '');
  expect((await resuming.finished).status).toBe(0);
});

test.each([['resume'], ['resume', '--origin-run-id=42'], ['spin', 'start']])(
  '%s %s where there is no home makes none',
  async (...args) => {
    using folder = flowFolder(SAMPLE);
    const { stderr, status } = await folder.run(args);
    expect(stderr).toMatch(/^Error: there is no home at \/.*\/\.raceway\nRun a flow first, or /m);
    expect(status).toBe(1);
    expect(existsSync(folder.file('.raceway'))).toBe(false);
  },
);

test('an origin run that does not exist is reported', async () => {
  using folder = flowFolder(SAMPLE);
  await folder.run(['run']);
  const { stderr, status } = await folder.run(['resume', '--origin-run-id=42']);
  expect(stderr).toMatch(/^Error: there is no run Sample\/42 to resume\nName one with --origin-run-id=<id>/m);
  expect(status).toBe(1);
});

test('resuming a successful run without a step takes all of it over', async () => {
  using folder = flowFolder(SAMPLE);
  await folder.run(['run', '--fail=false']);
  await using before = await latestRun(folder);
  expect((await folder.run(['resume', `--origin-run-id=${before.run.id}`])).status).toBe(0);
  expect(ran(folder)).toStrictEqual(['start', 'middle', 'last', 'end']);
  await using after = await latestRun(folder);
  expect(await after.run.load('total')).toStrictEqual({ total: 4 });
});

test('the step to rerun and all behind it run again', async () => {
  using folder = flowFolder(SAMPLE);
  await folder.run(['run', '--fail=false']);
  await using before = await latestRun(folder);
  await folder.run(['resume', 'middle', `--origin-run-id=${before.run.id}`]);
  expect(ran(folder).slice(4)).toStrictEqual(['middle', 'last', 'end']);
  const { stderr, status } = await folder.run(['resume', 'midle', `--origin-run-id=${before.run.id}`]);
  expect(stderr).toMatch(/^Error: cannot resume from step "midle": the flow has no such step\nDid you mean middle\?/m);
  expect(status).toBe(1);
});

test('a parameter with another value runs those again that read it, and what follows', async () => {
  using folder = flowFolder(SAMPLE);
  await folder.run(['run']);
  await folder.run(['resume', '--size=9', '--fail=false']);
  expect(ran(folder).slice(3)).toStrictEqual(['middle', 'last', 'end']);
  await using latest = await latestRun(folder);
  expect(await latest.run.load('items')).toStrictEqual({ items: [1, 2, 3, 9] });
  expect(latest.run.parameters).toStrictEqual({ fail: false, size: 9 });
});

test('--dry-run says what would happen and why, and does nothing', async () => {
  using folder = flowFolder(SAMPLE);
  await folder.run(['run']);
  await using before = await latestRun(folder);
  const { stdout, status } = await folder.run(['resume', '--dry-run', '--size=9']);
  expect(stdout).toBe(
    [
      `Resuming ${before.run.pathspec} would do this:`,
      '  start   1 task cloned',
      '  middle  1 task run again: it read a parameter or config that changed',
      '  last    1 task run again: it failed',
      '  end     runs: it never started',
      '',
    ].join('\n'),
  );
  expect(status).toBe(0);
  expect(ran(folder)).toHaveLength(3);
  await using after = await latestRun(folder);
  expect(after.run.id).toBe(before.run.id);
});

test('a step whose source changed is named, and runs again when asked to', async () => {
  using folder = flowFolder(SAMPLE);
  await folder.run(['run']);
  folder.write(
    SAMPLE.replace('[1, 2, 3]', '[1, 2, 3, 4]').replace(
      `trace('ran', 'middle');`,
      `trace('ran', 'middle'); // just a comment`,
    ),
  );
  const kept = await folder.run(['resume', '--fail=false']);
  expect(kept.stdout).toMatch(
    /The source of step start changed since \d+; its tasks are taken over \(see --rerun-changed\)/,
  );
  expect(kept.stdout).not.toContain('source of step middle');
  await using origin = await latestRun(folder);
  await folder.run(['resume', '--rerun-changed', `--origin-run-id=${origin.run.originRunId}`, '--fail=false']);
  await using after = await latestRun(folder);
  expect(await after.run.load('items')).toStrictEqual({ items: [1, 2, 3, 4, 2] });
});

test('a graph that changed so that what is kept does not fit it is refused, with the reason', async () => {
  using folder = flowFolder(SAMPLE);
  await folder.run(['run']);
  folder.write(SAMPLE.replaceAll('middle', 'centre'));
  const { stderr, status } = await folder.run(['resume', '--fail=false']);
  expect(stderr).toMatch(
    /^Error: cannot resume: the flow's graph changed, and step "start" of the origin run does not fit it \(it went to middle and now goes to centre\)\nRerun from it \(resume start\)/m,
  );
  expect(status).toBe(1);
  expect((await folder.run(['resume', 'start', '--fail=false'])).status).toBe(0);
});

test('a run in a home of the first schema, which knew no kinds of transition, can be resumed', async () => {
  using folder = flowFolder(SAMPLE);
  await folder.run(['run']);
  const database = new DatabaseSync(folder.file('.raceway/raceway.db'));
  database.exec(`UPDATE attempt SET transition = json_remove(transition, '$.kind') WHERE transition IS NOT NULL;
    DROP INDEX run_running; DROP INDEX task_by_origin; DROP TABLE doomed; DROP TABLE given;
    DROP TABLE latest_run; DROP TABLE card;
    CREATE INDEX artifact_by_content ON artifact (sha256);
    ALTER TABLE attempt DROP COLUMN log_bytes;
    ALTER TABLE attempt DROP COLUMN is_retried;
    ALTER TABLE run DROP COLUMN kind;
    ALTER TABLE task DROP COLUMN frames;
    ALTER TABLE task ADD COLUMN position INTEGER;
    PRAGMA user_version = 1;`);
  database.close();
  expect((await folder.run(['resume', '--fail=false'])).status).toBe(0);
  expect(ran(folder)).toStrictEqual(['start', 'middle', 'last', 'last', 'end']);
});

test('a run of another machine that is silent for long can be resumed', async () => {
  using folder = flowFolder(SAMPLE);
  await folder.run(['run']);
  const database = new DatabaseSync(folder.file('.raceway/raceway.db'));
  database.exec(`UPDATE run SET status = 'running', reason = NULL, finished_at = NULL, heartbeat_at = heartbeat_at - 3600000,
    process = json_set(process, '$.host', 'elsewhere')`);
  database.close();
  expect((await folder.run(['resume', '--fail=false'])).status).toBe(0);
  expect(ran(folder)).toStrictEqual(['start', 'middle', 'last', 'last', 'end']);
});

test('a run that a resume has made good is not resumed again; with a step, the latest run is', async () => {
  using folder = flowFolder(SAMPLE);
  await folder.run(['run']);
  await folder.run(['resume']); // fails as well
  expect((await folder.run(['resume', '--fail=false'])).status).toBe(0);
  const none = await folder.run(['resume']);
  expect(none.stderr).toContain('none failed, or a resume has made it good');
  const again = await folder.run(['resume', 'last']);
  await using home = await folder.home();
  const [latest, origin] = await Array.fromAsync(home.flow('Sample').runs());
  expect(again.status).toBe(0);
  expect(latest?.originRunId).toBe(origin?.id);
  expect(again.stderr).toContain(`Resuming Sample/${origin?.id}`);
});

test('a task that was stopped because a sibling failed is not said to have failed', async () => {
  using folder = flowFolder(`
    export class Sample extends FlowSpec {
      start = step(() => this.next(this.bad, this.slow));
      bad = step(async () => {
        while (!existsSync(new URL('begun', import.meta.url))) await sleep(5);
        throw new Error('no');
        this.next(this.merge);
      });
      slow = step(async () => { trace('begun', 'x'); await sleep(600_000); this.next(this.merge); });
      merge = join(() => this.next(this.end));
      end = step();
    }`);
  await folder.run(['run', '--max-workers=2']);
  const { stdout } = await folder.run(['resume', '--dry-run']);
  expect(stdout).toMatch(/bad +1 task run again: it failed\n/);
  expect(stdout).toMatch(/slow +1 task run again: it was stopped\n/);
});

test('the origin run may be named with its flow', async () => {
  using folder = flowFolder(SAMPLE);
  await folder.run(['run']);
  await using home = await folder.home();
  const run = await home.flow('Sample').latestRun();
  expect((await folder.run(['resume', '--fail=false', `--origin-run-id=${run?.pathspec}`])).status).toBe(0);
});
