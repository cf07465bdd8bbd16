import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
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

  const garbage = await seeded.home.collectGarbage();
  expect(garbage.detached.count).toBe(2);
  expect(readdirSync(join(seeded.path, 'detached')).toSorted()).toStrictEqual([
    'Metaflow',
    'TrainFlow',
    'starting-alive',
    'starting-announced',
    'starting-now',
  ]);
  expect(readdirSync(join(seeded.path, 'detached', 'TrainFlow'))).toStrictEqual([id]);
  expect(readdirSync(join(seeded.path, 'detached', 'Metaflow'))).toStrictEqual(['18']);
});
