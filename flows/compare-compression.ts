import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { FlowSpec, type Inputs, join, main, parameter, step } from 'raceway/flow';

/**
 * Finds out which compression suits a file: tries three of them side by side, compares what they made of it, and keeps
 * the smallest if that is worth the trouble. Without `--file` it takes the declarations of `node:fs`.
 *
 *     node flows/compare-compression.ts run --file=photo.jpg --worthwhile=0.05
 */
export class CompareCompression extends FlowSpec.with({
  file: parameter.string({ help: 'The file to compress' }),
  worthwhile: parameter.float({ default: 0.1, help: 'The share of the file that must be saved to keep the result' }),
}) {
  content = Buffer.alloc(0);
  /** What one branch made of the content; after the comparison, the smallest. */
  compressed = Buffer.alloc(0);
  method: Method = 'gzip';
  /** In bytes. */
  sizes = new Map<Method, number>();
  verdict: 'keep' | 'leave' = 'leave';

  start = step(async () => {
    const file = this.file ?? createRequire(import.meta.url).resolve('@types/node/fs.d.ts');
    this.content = await readFile(file);
    console.log(`${basename(file)} has ${this.content.length} bytes`);
    this.next(this.gzip, this.brotli, this.zstd);
  });

  gzip = step(async () => {
    this.compressed = await gzip(this.content, { level: 9 });
    this.next(this.compare);
  });

  brotli = step(async () => {
    this.compressed = await brotli(this.content); // at its strongest, unless told otherwise
    this.next(this.compare);
  });

  zstd = step(async () => {
    this.compressed = await zstd(this.content, { params: { [zlib.constants.ZSTD_c_compressionLevel]: 19 } });
    this.next(this.compare);
  });

  compare = join((inputs: Inputs<this>) => {
    for (const method of METHODS) this.sizes.set(method, inputs.get(method).compressed.length);
    this.method = METHODS.reduce((a, b) => (inputs.get(b).compressed.length < inputs.get(a).compressed.length ? b : a));
    this.compressed = inputs.get(this.method).compressed;
    this.mergeArtifacts(inputs);
    const saved = 1 - this.compressed.length / this.content.length;
    for (const [method, size] of this.sizes) console.log(`${method.padEnd(6)} ${size}`);
    this.verdict = saved >= this.worthwhile ? 'keep' : 'leave';
    this.next({ keep: this.verify, leave: this.leave }, { condition: this.verdict });
  });

  verify = step(async () => {
    const restored = await DECOMPRESS[this.method](this.compressed);
    if (!restored.equals(this.content)) throw new Error(`${this.method} does not give back what it was given`);
    console.log(`${this.method} is worth it`);
    this.next(this.end);
  });

  leave = step(() => {
    this.compressed = Buffer.alloc(0);
    console.log(`the file is best left as it is`);
    this.next(this.end);
  });

  end = step();
}

const METHODS = ['gzip', 'brotli', 'zstd'] as const;
type Method = (typeof METHODS)[number];

const gzip = promisify(zlib.gzip);
const brotli = promisify(zlib.brotliCompress);
const zstd = promisify(zlib.zstdCompress);
const DECOMPRESS = {
  gzip: promisify(zlib.gunzip),
  brotli: promisify(zlib.brotliDecompress),
  zstd: promisify(zlib.zstdDecompress),
};

if (import.meta.main) await main(CompareCompression);
