// What storing an array once cannot do without: making it, hashing it, and writing it.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';

const [megabytes, file] = [Number(process.argv[2]), process.argv[3]];
const bytes = Buffer.from(new Float64Array((megabytes * 1_000_000) / 8).fill(Math.PI).buffer);
createHash('sha256').update(bytes).digest('hex');
writeFileSync(file, bytes);
