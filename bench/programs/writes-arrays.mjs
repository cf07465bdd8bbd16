// What storing arrays cannot do without: making them, hashing them, and writing them: `writes-arrays.mjs <count> <bytes> <folder>`.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [count, bytes, folder] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]];
mkdirSync(folder, { recursive: true });
for (let index = 0; index < count; index++) {
  const array = new Uint8Array(bytes).fill(index % 251);
  new DataView(array.buffer).setUint32(0, index);
  writeFileSync(join(folder, createHash('sha256').update(array).digest('hex')), array);
}
