import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { cardFile } from '../../src/store/home-folder.ts';
import { Runner } from '../../src/runner/runner.ts';
import { flowFolder } from '../flow-folder.ts';

const FLOW = `
export class Sample extends FlowSpec {
  large = new Float64Array(20_000);
  start = step([card()], () => {
    writeFileSync(current.tempdir + '/file', 'text');
    this.large[0] = 1;
    this.next(this.end);
  });
  end = step();
}`;

test.each([
  ['logs', 'run'],
  ['artifacts', 'run'],
  ['tmp', 'run'],
  ['cards', undefined],
])('nothing is written through a link in the place of the folder %s of a home', async (name, command) => {
  using folder = flowFolder(FLOW);
  if (command === undefined) expect((await folder.run(['run'])).status).toBe(0);
  else mkdirSync(folder.file('.raceway'), { mode: 0o700 });
  mkdirSync(folder.file('elsewhere'));
  symlinkSync(folder.file('elsewhere'), folder.file(`.raceway/${name}`));
  const { status, stderr } = await folder.run(
    command === undefined ? ['card', 'view', 'start', '--no-open'] : [command],
  );
  expect(status).toBe(1);
  const place = folder.file(`.raceway/${name}`);
  expect(stderr).toContain(`cannot use ${place}: it is a link, which raceway does not put into a home`);
  expect(readdirSync(folder.file('elsewhere'))).toStrictEqual([]);
});

test('a card is not written over what a link in its place leads to', async () => {
  using folder = flowFolder(FLOW);
  await folder.run(['run']);
  await using home = await folder.home();
  const run = await home.flow('Sample').latestRun();
  const file = cardFile(home.path, { pathspec: `${run?.pathspec}/start/1`, id: 'default' });
  writeFileSync(folder.file('precious'), 'precious');
  mkdirSync(dirname(file));
  symlinkSync(folder.file('precious'), file);
  const { status, stderr } = await folder.run(['card', 'view', 'start', '--no-open']);
  expect(status).toBe(1);
  expect(stderr).toContain('it is a link');
  expect(readFileSync(folder.file('precious'), 'utf8')).toBe('precious');
});

test('a detached run is not started through a link in the place of the folder for its output', async () => {
  using folder = flowFolder(FLOW);
  mkdirSync(folder.file('.raceway'), { mode: 0o700 });
  mkdirSync(folder.file('elsewhere'));
  symlinkSync(folder.file('elsewhere'), folder.file('.raceway/detached'));
  await using runner = new Runner(folder.script, { showOutput: false, cwd: folder.path });
  await expect(runner.asyncRun({}, { detached: true })).rejects.toMatchObject({
    code: 'HOME',
    message: expect.stringContaining('it is a link'),
  });
  expect(readdirSync(folder.file('elsewhere'))).toStrictEqual([]);
});
