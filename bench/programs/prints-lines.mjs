// A flow script of nobody's: announces a run and prints `--count` lines of 80 bytes as fast as it can, a thousand of them in a
// write or, with `--one_by_one=true`, each by itself.
import { writeFileSync, writeSync } from 'node:fs';

const attributeFile = argument('runner-attribute-file');
if (attributeFile !== undefined) {
  writeFileSync(attributeFile, JSON.stringify({ flow_name: 'PrintsLines', run_id: String(process.pid) }));
}
const line = `${'the quick brown fox jumps over the lazy dog '.repeat(2).slice(0, 79)}\n`;
const chunk = Buffer.from(line.repeat(1000));
const count = Number(argument('count'));
const isOneByOne = argument('one_by_one') === 'true';
for (let printed = 0; isOneByOne && printed < count; printed++) console.log(line.slice(0, -1));
for (let printed = 0; !isOneByOne && printed < count; printed += 1000) {
  const bytes = chunk.subarray(0, Math.min(1000, count - printed) * line.length);
  for (let written = 0; written < bytes.length;) written += writeSync(1, bytes, written);
}

function argument(name) {
  const prefix = `--${name}=`;
  return process.argv.find((text) => text.startsWith(prefix))?.slice(prefix.length);
}
