// A flow script of nobody's: announces a run and prints `--count` lines, one every few milliseconds, each with the time at
// which it was written, by the clock that all processes of the machine share.
import { writeFileSync, writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

const attributeFile = argument('runner-attribute-file');
if (attributeFile !== undefined) {
  writeFileSync(attributeFile, JSON.stringify({ flow_name: 'PrintsClock', run_id: String(process.pid) }));
}
await setTimeout(100); // the reader is there by now
for (let printed = 0; printed < Number(argument('count')); printed++) {
  writeSync(1, `clock ${process.hrtime.bigint()}\n`);
  await setTimeout(5 + (printed % 7));
}

function argument(name) {
  const prefix = `--${name}=`;
  return process.argv.find((text) => text.startsWith(prefix))?.slice(prefix.length);
}
