import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { current, FlowSpec, type Inputs, join, main, parameter, retry, step } from 'raceway/flow';

/**
 * What faults strike: branches, nested foreachs, retries, small artifacts, many that one commit takes in, and a large one that
 * is a file. What it comes to depends on its parameters only. With `STRUCK_STAYS` set it comes to nothing: before its end it
 * starts a process and stays with it for ten minutes, so that whoever finds it gone knows that somebody ended it.
 */
export class Struck extends FlowSpec.with({
  megabytes: parameter.integer({ default: 4, help: 'Size of the large artifact' }),
  heavy: parameter.integer({ default: 4, help: 'How many artifacts of 60 kB one task leaves for its commit' }),
}) {
  outer = 0;
  sum = 0;
  sums: readonly number[] = [];
  digest = '';
  large = new Uint8Array();
  tried = '';
  loads: readonly string[] = [];

  start = step(() => {
    this.next(this.fan, this.write, this.retried);
  });

  // One branch: a foreach in a foreach, with a file for each of its tasks.
  fan = step(() => {
    this.next(this.row, { foreach: [1, 2, 3] });
  });

  row = step((outer: number) => {
    this.outer = outer;
    this.next(this.cell, { foreach: [1, 2] });
  });

  cell = step(async (inner: number) => {
    this.large = bytes(`${this.outer}.${inner}`, 100_000);
    await setTimeout(30);
    this.sum = this.outer * inner;
    this.next(this.joinCells);
  });

  joinCells = join((inputs: Inputs<this>) => {
    this.sum = [...inputs].reduce((sum, input) => sum + input.sum, 0);
    this.next(this.joinRows);
  });

  joinRows = join((inputs: Inputs<this>) => {
    this.sums = [...inputs].map((input) => input.sum);
    this.next(this.meet);
  });

  // Another: a large artifact, and then a commit with many small ones.
  write = step(async () => {
    await setTimeout(20);
    this.large = bytes('large', this.megabytes * 1_000_000);
    this.next(this.load);
  });

  load = step(() => {
    this.loads = Array.from({ length: this.heavy }, (_, index) => `load${index}`);
    for (const name of this.loads) Object.assign(this, { [name]: bytes(name, 60_000) });
    this.digest = createHash('sha256').update(this.large).digest('hex');
    this.next(this.meet);
  });

  // And one that needs a second attempt.
  retried = step([retry({ times: 3 })], async () => {
    await setTimeout(30);
    if (current.retryCount === 0) throw new Error('the first attempt fails');
    this.tried = 'again';
    this.next(this.meet);
  });

  meet = join(async (inputs: Inputs<this>) => {
    await setTimeout(20);
    if (process.env['STRUCK_STAYS'] !== undefined) {
      spawn('sleep', ['600'], { stdio: 'ignore' });
      await setTimeout(600_000);
    }
    for (const { sums, digest, tried, large } of inputs) {
      if (sums.length > 0) this.sums = sums;
      if (digest !== '') [this.digest, this.large] = [digest, large];
      if (tried !== '') this.tried = tried;
    }
    this.next(this.end);
  });

  end = step(() => {
    console.log(`${this.sums.join()} ${this.digest} ${this.tried}`);
  });
}

/** Bytes that only depend on the text. */
function bytes(text: string, length: number): Uint8Array<ArrayBuffer> {
  const block = createHash('sha256').update(text).digest();
  return new Uint8Array(Buffer.alloc(length, block));
}

if (import.meta.main) await main(Struck);
