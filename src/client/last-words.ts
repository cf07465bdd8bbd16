import { statSync } from 'node:fs';
import { join } from 'node:path';
import { FolderWatch } from '../process/folder-watch.ts';
import { LogFile } from '../process/log-file.ts';
import { DETACHED_FILES } from '../store/detached-files.ts';
import { findDetachedFolder } from './detached-folder.ts';

/** What the process of a detached run wrote to stderr last. */
export interface LastWords {
  /** Where all of it is. */
  readonly file: string;
  readonly lines: readonly string[];
  /** Whether `lines` are all that it wrote. */
  readonly isWhole: boolean;
}

const TAIL_BYTES = 4000;
const LINES = 20;

/**
 * What the process of a run wrote to stderr before it ended, as the stack of an error that nothing caught. Only that of a
 * detached run is kept in the home.
 *
 * @param pathspec `Flow/run`
 * @returns `undefined` when it is not kept, or there is nothing
 * @throws {RacewayError} `HOME` when something on the way is a link, or no file
 */
export function lastWords(home: string, pathspec: string): LastWords | undefined {
  const folder = findDetachedFolder(home, pathspec);
  if (folder === undefined) return undefined;
  const file = join(folder, DETACHED_FILES.stderr);
  const text = new LogFile(file, new FolderWatch(folder)).tail(TAIL_BYTES).trimEnd(); // nothing when the file is gone
  if (text === '') return undefined;
  const all = text.split('\n');
  return { file, lines: all.slice(-LINES), isWhole: all.length <= LINES && statSync(file).size <= TAIL_BYTES };
}
