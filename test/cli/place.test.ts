import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPlace, runOf } from '../../src/cli/place.ts';
import { SeededHome, type SeededRun } from '../client/seeded-home.ts';

let seeded: SeededHome;
let first: SeededRun;
let latest: SeededRun;
let other: SeededRun;

beforeAll(async () => {
  seeded = await SeededHome.make();
  first = await seeded.run({ flow: 'TrainFlow' });
  await first.task('start');
  latest = await seeded.run({ flow: 'TrainFlow' });
  await latest.task('start');
  other = await seeded.run({ flow: 'OtherFlow' });
  await seeded.run({ flow: 'TrainFlow', kind: 'spin' });
});

afterAll(async () => {
  await seeded[Symbol.asyncDispose]();
});

/** A place in a form that can be compared. */
async function found(word: string): Promise<string> {
  const place = await findPlace(seeded.home, word);
  switch (place.depth) {
    case 'flow':
      return place.flow;
    case 'run':
      return place.run.pathspec;
    case 'step':
      return `${place.run.pathspec}/${place.step}`;
    case 'task':
      return `${place.run.pathspec}/${place.step}/${place.task}`;
  }
}

describe('a word on the command line', () => {
  test('names what its pathspec names', async () => {
    expect(await found('TrainFlow')).toBe('TrainFlow');
    expect(await found(first.pathspec)).toBe(first.pathspec);
    expect(await found(`${first.pathspec}/start`)).toBe(`${first.pathspec}/start`);
    expect(await found(`${first.pathspec}/start/1`)).toBe(`${first.pathspec}/start/1`);
  });

  test('need not name the flow', async () => {
    expect(await found(other.id)).toBe(other.pathspec);
    expect(await found(`${first.id}/start`)).toBe(`${first.pathspec}/start`);
    expect(await found(`${first.id}/start/1`)).toBe(`${first.pathspec}/start/1`);
  });

  test('means the latest run when it names none, and no spin', async () => {
    expect((await runOf(seeded.home, await findPlace(seeded.home, 'TrainFlow'))).pathspec).toBe(latest.pathspec);
    expect(await found('TrainFlow/start')).toBe(`${latest.pathspec}/start`);
    expect(await found('TrainFlow/start/1')).toBe(`${latest.pathspec}/start/1`);
  });

  test('means the run that it is in when a run is wanted', async () => {
    expect((await runOf(seeded.home, await findPlace(seeded.home, `${first.pathspec}/start/1`))).pathspec).toBe(
      first.pathspec,
    );
  });

  test.each([
    ['TranFlow', 'there is no flow TranFlow', 'Did you mean TrainFlow?'],
    ['TrainFlow/1', 'there is no run TrainFlow/1', 'The latest run of TrainFlow is'],
    ['42', 'there is no run 42', 'The latest run is OtherFlow/'],
    ['Train Flow', 'is not a pathspec', 'A part has letters'],
    ['../../etc/passwd', 'is not a pathspec', 'A part has letters'],
    ['TrainFlow/start/1/2', '"start" is not the id of a run', 'flow/run/step/task'],
    ['42/start/1/out', '42 is a run, and behind it stand a step and a task at most', 'A task is 42/start/1'],
    ['start', 'there is no flow start', 'Did you mean the step TrainFlow/start?'],
    ["TrainFlow/' OR 1=1 --", 'is not a pathspec', 'A part has letters'],
  ])('says what is wrong with %s', async (word, message, advice) => {
    await expect(found(word)).rejects.toThrow(message);
    await expect(found(word)).rejects.toThrow(advice);
  });

  test('asks for the flow when several have a run of that id', async () => {
    await using home = await SeededHome.make();
    await using again = await SeededHome.make();
    const run = await home.run({ flow: 'OneFlow' });
    // Ids count microseconds, so two flows have the same one only by chance; here it is written so.
    const twin = await home.run({ flow: 'TwoFlow' });
    const { DatabaseSync } = await import('node:sqlite');
    using database = new DatabaseSync(`${home.path}/raceway.db`);
    database.prepare('UPDATE run SET id = ? WHERE id = ?').run(run.id, twin.id);
    await expect(findPlace(home.home, run.id)).rejects.toThrow(
      `several flows have a run ${run.id}\nName the flow: OneFlow/${run.id} or TwoFlow/${run.id}.`,
    );
    await expect(findPlace(again.home, '42')).rejects.toThrow('There are no runs at all.');
  });
});
