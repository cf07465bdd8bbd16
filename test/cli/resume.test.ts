import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SeededHome, type SeededRun } from '../client/seeded-home.ts';
import { flowFolder } from '../flow-folder.ts';
import { raceway } from './raceway.ts';

let seeded: SeededHome;

beforeEach(async () => {
  seeded = await SeededHome.make();
});

afterEach(async () => {
  await seeded[Symbol.asyncDispose]();
});

function resume(...args: readonly string[]) {
  return raceway(['resume', ...args, '--home', seeded.path]);
}

/** A run of `TrainFlow` that has failed, and what it was resumed from. */
async function failed(originRunId?: string): Promise<SeededRun> {
  const run = await seeded.run({ originRunId });
  await run.writer.finish({ status: 'failed', reason: { kind: 'killed' } });
  return run;
}

describe('raceway resume', () => {
  test('leaves out, without a run, those that are being resumed already', async () => {
    const older = await failed();
    const first = await failed();
    const again = await failed(first.id);
    const resuming = await seeded.run({ originRunId: again.id });
    // That it cannot tell what to execute says which run it chose.
    expect((await resume()).stderr).toContain(`cannot tell what to execute for ${older.pathspec}:`);
    expect((await resume(first.pathspec)).stderr).toContain(`cannot tell what to execute for ${first.pathspec}:`);
    await (await seeded.home.run(older.pathspec)).remove();
    expect(await resume()).toMatchObject({
      status: 1,
      stderr:
        `Error: a resume of ${again.pathspec} is going on, and no other run in the home ${seeded.path} is left to resume\n` +
        'Wait for it: `raceway ls --status=running` lists it. Or name a run: Flow/run.\n',
    });
    await resuming.writer.finish({ status: 'failed', reason: { kind: 'killed' } });
    expect((await resume()).stderr).toContain(`cannot tell what to execute for ${resuming.pathspec}:`);
  });

  test('refuses a spin, whatever became of it, and names the run to resume', async () => {
    const origin = await failed();
    const spin = await seeded.run({ kind: 'spin', originRunId: origin.id });
    await spin.writer.finish({ status: 'successful' });
    const { status, stderr } = await resume(spin.pathspec);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr:
        `Error: cannot resume ${spin.pathspec}: it is a spin, one task alone, and nothing follows it\n` +
        `Resume the run that its task is from, ${origin.pathspec}, or spin it again.\n`,
    });
  });

  test('advises a command that finds the home', async () => {
    const run = await seeded.run();
    await run.writer.finish({ status: 'successful' });
    expect((await resume(run.pathspec)).stderr).toContain(
      `raceway --home=${seeded.path} resume --step=<name> ${run.pathspec}\n`,
    );
  });

  test('names both flows when the script that it is given holds another', async () => {
    using folder = flowFolder(
      'class Sample extends FlowSpec { start = step(() => this.next(this.end)); end = step(() => {}); }',
    );
    const run = await failed();
    const { status, stderr } = await resume(run.pathspec, '--file', folder.script);
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: `Error: ${folder.script} holds Sample, not TrainFlow\nGive the flow script of TrainFlow, or leave --file out.\n`,
    });
    expect((await resume(run.pathspec, '--file', 'nowhere.ts')).stderr).toContain('there is no file nowhere.ts\n');
  });
});
