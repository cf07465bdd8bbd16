import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { presence } from '../../src/process/identity.ts';
import { entryOf } from '../../src/process/process-table.ts';
import { Runner } from '../../src/runner/runner.ts';
import { idleProcess } from '../client/seeded-home.ts';
import { writtenHome } from './written-home.ts';

const NOTHING_KNOWN = { code: 'NOT_FOUND', message: expect.stringContaining('nothing is known of its process') };

test('a run that somebody else recorded does not lead to a process that is none of its own', async () => {
  using written = writtenHome();
  const { identity, end } = await idleProcess();
  try {
    written.change((database) =>
      database
        .prepare(`UPDATE run SET status = 'running', reason = NULL, finished_at = NULL, process = ?`)
        .run(JSON.stringify(identity)),
    );
    await expect(Runner.attach('TrainFlow/1', { home: written.home })).rejects.toMatchObject(NOTHING_KNOWN);
    expect(presence(identity)).toBe('alive');
  } finally {
    await end();
  }
});

test('neither does what is said of the keeper of a detached run', async () => {
  using written = writtenHome();
  const { identity, end } = await idleProcess();
  try {
    const folder = join(written.home, 'detached/TrainFlow/1');
    mkdirSync(folder, { recursive: true });
    const group = entryOf(identity.pid)?.group;
    const mark = { name: 'RACEWAY_MARK_0123456789abcdef', value: '1' };
    writeFileSync(join(folder, 'process.json'), JSON.stringify({ command: ['x'], identity, group, mark }));
    await expect(Runner.attach('TrainFlow/1', { home: written.home })).rejects.toMatchObject(NOTHING_KNOWN);
    expect(presence(identity)).toBe('alive');
  } finally {
    await end();
  }
});
