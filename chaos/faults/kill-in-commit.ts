import { existsSync, mkdirSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import { databaseFile } from '../../src/store/home-folder.ts';
import { aftermath, deadRunsAreFailed } from '../aftermath.ts';
import type { Fault } from '../fault.ts';
import { kill } from '../injection.ts';
import { endsInsideCommit } from '../wal.ts';

const PARAMETERS = ['--heavy=40'] as const;
/** So much of the write-ahead log comes from that task alone. */
const HEAVY_BYTES = 40 * 60_000;

/**
 * The run process is killed while it writes a transaction: the write-ahead log of the database is watched, and the fault strikes
 * with one of its changes, in half of the injections one of a commit of two megabytes. That it struck inside is counted when the
 * log ends with frames of a transaction that lacks its last one.
 */
export const killInCommit: Fault = {
  name: 'kill-in-commit',
  title: 'SIGKILL of the run process as the database is being written',
  times: { full: 200, bounded: 4 },
  async strike(injection) {
    await injection.undisturbed(PARAMETERS);
    mkdirSync(injection.home, { mode: 0o700 });
    const log = `${databaseFile(injection.home)}-wal`;
    const isHeavy = injection.random.next() < 0.5;
    const atChange = injection.random.integer(1, 60);
    const atGrowth = injection.random.between(0.05, 0.95) * HEAVY_BYTES;
    let [changes, before, atCommit] = [0, 0, 0];
    const run = injection.startFlow(['run', ...PARAMETERS]);
    const watcher = watch(injection.home, (_, name) => {
      if (join(injection.home, name ?? '') !== log) return;
      const size = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
      changes += 1;
      // Small commits add some pages each, and are long over when the next change is seen.
      if (size - before > 100_000 || atCommit === 0) atCommit ||= before;
      before = size;
      if (isHeavy ? size - atCommit > atGrowth : changes >= atChange) {
        kill(run.pid, 'SIGKILL');
        watcher.close();
      }
    });
    const { signalCode } = await run.ended;
    watcher.close();
    if (signalCode === null) injection.miss('it had ended');
    else {
      await deadRunsAreFailed(injection, run.pid);
      const isInside = existsSync(log) && endsInsideCommit(log);
      injection.count(isInside ? `inside a ${isHeavy ? 'large' : 'small'} commit` : 'between two commits');
    }
    await aftermath(injection, { parameters: PARAMETERS });
  },
};
