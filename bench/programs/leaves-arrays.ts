import { FlowSpec, join, main, parameter, step } from 'raceway/flow';

/** Tasks that leave an array of bytes each; with no bytes none does. */
export class LeavesArrays extends FlowSpec.with({
  count: parameter.integer({ required: true }),
  bytes: parameter.integer({ required: true }),
}) {
  array: Uint8Array | undefined;

  start = step(() => {
    this.next(this.leave, { foreach: Array.from({ length: this.count }, (_, index) => index) });
  });

  leave = step((index: number) => {
    // No two are alike, or the second would be stored already.
    if (this.bytes > 0) this.array = distinct(index, this.bytes);
    this.next(this.merge);
  });

  merge = join(() => this.next(this.end));
  end = step();
}

function distinct(index: number, bytes: number): Uint8Array {
  const array = new Uint8Array(bytes).fill(index % 251);
  new DataView(array.buffer).setBigUint64(0, process.hrtime.bigint());
  return array;
}

if (import.meta.main) await main(LeavesArrays);
