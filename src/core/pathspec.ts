import { RacewayError } from './errors.ts';

/** The parts of a pathspec, `Flow/run/step/task` or a prefix of it. */
export interface Pathspec {
  readonly flow: string;
  readonly run?: string | undefined;
  readonly step?: string | undefined;
  readonly task?: string | undefined;
}

/** How deep a pathspec goes. */
export type PathspecDepth = 'flow' | 'run' | 'step' | 'task';

const DEPTHS = ['flow', 'run', 'step', 'task'] as const satisfies readonly PathspecDepth[];

const EXAMPLE = ['SlowFlow', '1763719200123456', 'start', '1'] as const;

// A part becomes a file name and a word on a command line, so it can be neither empty, nor longer than file systems allow,
// nor a path, nor look like an option.
const PART = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}$/;

/**
 * Reads `Flow`, `Flow/run`, `Flow/run/step` or `Flow/run/step/task`.
 *
 * @param depth how deep it must go; without it any depth is taken
 * @throws {RacewayError} `PATHSPEC` when the text is no pathspec of that depth
 *
 * @example
 * parsePathspec('SlowFlow/1763719200123456', 'run').run; // '1763719200123456'
 */
export function parsePathspec<D extends PathspecDepth = PathspecDepth>(text: string, depth?: D): PathspecOf<D> {
  const parts = text.split('/');
  const wanted = depth === undefined ? undefined : DEPTHS.indexOf(depth) + 1;
  const isRightLength = wanted === undefined ? parts.length <= DEPTHS.length : parts.length === wanted;
  const isOfParts = parts.every((part) => PART.test(part));
  if (!isRightLength || !isOfParts) {
    const form = DEPTHS.slice(0, wanted ?? DEPTHS.length).join('/');
    const prefix = wanted === undefined ? ' or the beginning of one' : '';
    throw new RacewayError(
      'PATHSPEC',
      `${JSON.stringify(text)} is not a pathspec: expected ${form}${prefix}`,
      isOfParts
        ? adviceOnLength(parts, wanted ?? DEPTHS.length)
        : `A part has letters, digits, "_", "." and "-", as in ${EXAMPLE.join('/')}.`,
    );
  }
  const [flow, run, step, task] = parts;
  return { flow, run, step, task } as PathspecOf<D>;
}

function adviceOnLength(parts: readonly string[], wanted: number): string {
  return parts.length < wanted
    ? `Say which ${DEPTHS[wanted - 1]}, as in ${[...parts, ...EXAMPLE.slice(parts.length, wanted)].join('/')}.`
    : `Leave out what follows ${parts.slice(0, wanted).join('/')}.`;
}

/** Whether a text can be a part of a pathspec, and so a file name and a word on a command line. */
export function isPathspecPart(text: string): boolean {
  return PART.test(text);
}

/** `Flow/run/step/task`, as far as the parts go. */
export function formatPathspec({ flow, run, step, task }: Pathspec): string {
  return [flow, run, step, task].filter((part) => part !== undefined).join('/');
}

/** A pathspec without its flow, for where that is clear: `run/step/task`. */
export function withoutFlow(pathspec: string): string {
  return pathspec.slice(pathspec.indexOf('/') + 1);
}

/** A pathspec of which depth `D` is known to be there. */
export type PathspecOf<D extends PathspecDepth> = D extends 'flow'
  ? Pathspec
  : D extends 'run'
    ? Pathspec & { readonly run: string }
    : D extends 'step'
      ? Pathspec & { readonly run: string; readonly step: string }
      : Pathspec & { readonly run: string; readonly step: string; readonly task: string };
