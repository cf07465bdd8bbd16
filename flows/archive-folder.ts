import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { current, FlowSpec, main, parameter, step } from 'raceway/flow';

/**
 * Packs a folder with the program `tar`, keeps the archive as an artifact, and unpacks it once more to be sure that every
 * file comes back as it was.
 *
 *     node flows/archive-folder.ts run --folder=docs
 *
 * In a script, `await running.run.data.archive` is the archive.
 */
export class ArchiveFolder extends FlowSpec.with({
  folder: parameter.string({ default: '.', help: 'The folder to pack' }),
  exclude: parameter.json<string[]>({
    default: ['node_modules', '.git', '.raceway'],
    help: 'Names of files and folders to leave out, at any depth',
  }),
}) {
  /** The SHA-256 of every file, by its path in the folder. */
  checksums = new Map<string, string>();
  archive = Buffer.alloc(0);

  start = step(async () => {
    this.checksums = await checksumsOf(this.folder, { exclude: this.exclude });
    if (this.checksums.size === 0) throw new Error(`there are no files in ${this.folder}`);
    console.log(`${this.checksums.size} files in ${resolve(this.folder)}`);
    this.next(this.pack);
  });

  pack = step(async () => {
    // A folder for this task alone, removed when the task has ended, however it ends.
    const [archive, names] = [join(current.tempdir, 'archive.tar.gz'), join(current.tempdir, 'names')];
    await writeFile(names, [...this.checksums.keys()].join('\0'));
    await tar(
      '--create',
      '--gzip',
      `--file=${archive}`,
      `--directory=${this.folder}`,
      '--null',
      `--files-from=${names}`,
    );
    this.archive = await readFile(archive);
    console.log(`${this.archive.length} bytes`);
    this.next(this.verify);
  });

  verify = step(async () => {
    const [archive, folder] = [join(current.tempdir, 'archive.tar.gz'), join(current.tempdir, 'unpacked')];
    await writeFile(archive, this.archive);
    await mkdir(folder);
    await tar('--extract', `--file=${archive}`, `--directory=${folder}`);
    const unpacked = await checksumsOf(folder);
    const different = [...this.checksums].filter(([path, sha256]) => unpacked.get(path) !== sha256);
    if (different.length > 0) throw new Error(`not as they were: ${different.map(([path]) => path).join(', ')}`);
    this.next(this.end);
  });

  end = step(() => console.log(`All ${this.checksums.size} files come back from the archive as they were.`));
}

const execute = promisify(execFile);

/** Runs tar, which ends with the task if the run is stopped. What it says when it fails becomes the error. */
async function tar(...args: readonly string[]): Promise<void> {
  try {
    await execute('tar', args, { signal: current.signal });
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw isMissing ? new Error('the program tar is not installed here', { cause: error }) : error;
  }
}

async function checksumsOf(
  folder: string,
  { exclude = [] }: { exclude?: readonly string[] } = {},
): Promise<Map<string, string>> {
  const checksums = new Map<string, string>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = relative(folder, join(entry.parentPath, entry.name));
    if (!entry.isFile() || path.split('/').some((name) => exclude.includes(name))) continue;
    checksums.set(
      path,
      createHash('sha256')
        .update(await readFile(join(folder, path)))
        .digest('hex'),
    );
  }
  return checksums;
}

if (import.meta.main) await main(ArchiveFolder);
