// Starts as many bare processes at once as it is told, waits for all, and prints how long that took:
// `starts-many.mjs <count> <program>`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const [count, program] = process.argv.slice(2);
const startMs = performance.now();
const codes = await Promise.all(
  Array.from({ length: Number(count) }, async () => {
    const [exitCode] = await once(spawn(process.execPath, [program], { stdio: 'ignore' }), 'exit');
    return exitCode;
  }),
);
console.log(
  JSON.stringify({ totalMs: performance.now() - startMs, failures: codes.filter((code) => code !== 0).length }),
);
