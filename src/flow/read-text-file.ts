import { readFileSync } from 'node:fs';

/** What became of the reading of a text file. */
export type TextFile =
  | { readonly kind: 'read'; readonly text: string }
  /** `why` follows "which cannot be read: ". */
  | { readonly kind: 'unreadable'; readonly isMissing: boolean; readonly why: string; readonly cause: unknown };

/** Reads a file of UTF-8 text; a byte order mark is no part of it. A relative path starts at the working folder. */
export function readTextFile(path: string): TextFile {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    return { kind: 'unreadable', isMissing: code === 'ENOENT', why: explain(cause, code), cause };
  }
  try {
    return { kind: 'read', text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (cause) {
    return { kind: 'unreadable', isMissing: false, why: 'it is not UTF-8 text', cause };
  }
}

function explain(cause: unknown, code: unknown): string {
  switch (code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EISDIR':
      return 'it is a folder';
    case 'EACCES':
      return 'you may not read it';
    default:
      return cause instanceof Error ? cause.message : String(cause);
  }
}
