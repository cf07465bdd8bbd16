import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { presence } from '../../src/process/identity.ts';
import { entryOf } from '../../src/process/process-table.ts';
import { Runner } from '../../src/runner/runner.ts';
import { idleProcess } from '../client/seeded-home.ts';
import { writtenHome } from './written-home.ts';

const NOT_THE_RUNS = { code: 'NOT_FOUND', message: expect.stringContaining("does not look like the run's") };

test('a run that somebody else recorded does not lead to a process that is none of its own', async () => {
  using written = writtenHome();
  const { identity, end } = await idleProcess();
  try {
    written.change((database) =>
      database
        .prepare(`UPDATE run SET status = 'running', reason = NULL, finished_at = NULL, process = ?`)
        .run(JSON.stringify(identity)),
    );
    await expect(Runner.attach('TrainFlow/1', { home: written.home })).rejects.toMatchObject(NOT_THE_RUNS);
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
    written.change((database) => database.exec(`UPDATE run SET status = 'running', reason = NULL, finished_at = NULL`));
    await using running = await Runner.attach('TrainFlow/1', { home: written.home }); // its own process has ended long ago
    await running.kill({ graceMs: 0 });
    expect(running.status).toBe('failed');
    expect(presence(identity)).toBe('alive');
  } finally {
    await end();
  }
});
