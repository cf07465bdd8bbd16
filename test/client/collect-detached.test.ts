import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { ownIdentity } from '../../src/process/identity.ts';
import { deadProcess, SeededHome } from './seeded-home.ts';

test('collecting garbage takes the output of detached runs that nobody can ask for any more, and no other', async () => {
  await using seeded = await SeededHome.make();
  const { id } = await seeded.run();
  const write = (path: string, content: object): void => {
    const file = join(seeded.path, 'detached', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(content));
  };
  const announced = (flow: string, run: string, more: object) => ({ flow_name: flow, run_id: run, ...more });
  write(`TrainFlow/${id}/attributes.json`, announced('TrainFlow', id, { home: seeded.path }));
  write('TrainFlow/17/attributes.json', announced('TrainFlow', '17', { home: seeded.path })); // removed long ago
  write('Metaflow/18/attributes.json', announced('Metaflow', '18', { metadata: 'local@/there' })); // recorded elsewhere
  write('starting-dead/process.json', { identity: await deadProcess() });
  write('starting-alive/process.json', { identity: ownIdentity() });
  write('starting-announced/process.json', { identity: await deadProcess() });
  write('starting-announced/attributes.json', announced('TrainFlow', id, { home: seeded.path }));
  mkdirSync(join(seeded.path, 'detached', 'starting-now'));
  write('starting-failed/starter.json', { identity: await deadProcess() });
  write('starting-failed/parameters.json', { password: 'secret' });
  write('starting-still/starter.json', { identity: ownIdentity() });
  write('starting-still/process.json', { identity: undefined });
  write('starting-by-nobody/parameters.json', { password: 'secret' });
  write('starting-unwritten/starter.json', { identity: await deadProcess() });
  write('starting-unwritten/stdout', {});
  const stdout = openSync(join(seeded.path, 'detached', 'starting-unwritten', 'stdout'), 'a');
  const going = spawn('sleep', ['600'], { stdio: ['ignore', stdout, 'ignore'] }); // its starter died before it wrote down which it is
  closeSync(stdout);
  await once(going, 'spawn');

  const garbage = await seeded.home.collectGarbage();
  going.kill('SIGKILL');
  await once(going, 'exit');
  expect(garbage.detached.count).toBe(4);
  expect(readdirSync(join(seeded.path, 'detached')).toSorted()).toStrictEqual([
    'Metaflow',
    'TrainFlow',
    'starting-alive',
    'starting-announced',
    'starting-by-nobody',
    'starting-now',
    'starting-still',
    'starting-unwritten',
  ]);
  expect(readdirSync(join(seeded.path, 'detached', 'TrainFlow'))).toStrictEqual([id]);
  expect(readdirSync(join(seeded.path, 'detached', 'Metaflow'))).toStrictEqual(['18']);
});

test('collecting garbage leaves a database that is about to take the place of another, and takes one that was abandoned', async () => {
  await using seeded = await SeededHome.make();
  const [made, abandoned] = [randomUUID(), randomUUID()].map((id) => join(seeded.path, `raceway.db.${id}`));
  for (const file of [made, abandoned]) writeFileSync(file ?? '', '');
  const database = openSync(made ?? '', 'r');
  const maker = spawn('sleep', ['600'], { stdio: ['ignore', database, 'ignore'] });
  closeSync(database);
  await once(maker, 'spawn');
  expect(await seeded.home.collectGarbage()).toMatchObject({ temporary: { count: 1 } });
  maker.kill('SIGKILL');
  await once(maker, 'exit');
  expect(existsSync(made ?? '')).toBe(true);
  expect(await seeded.home.collectGarbage()).toMatchObject({ temporary: { count: 1 } });
});
