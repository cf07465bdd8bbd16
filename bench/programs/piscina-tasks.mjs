// The same function on piscina: `piscina-tasks.mjs <count>`.
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';

const pool = new Piscina({
  filename: fileURLToPath(new URL('squares.mjs', import.meta.url)),
  minThreads: 2,
  maxThreads: 2,
});
const indices = Array.from({ length: Number(process.argv[2]) }, (_, index) => index);
await Promise.all(indices.map((index) => pool.run(index, { name: 'square' })));
await pool.close();
