/** What `/proc/<pid>/stat` says, as far as it is of use here. */
export interface ProcessStat {
  /** It has ended and only waits to be reaped (states Z and X). */
  readonly ended: boolean;
  readonly parentPid: number;
  readonly group: number;
  /** In clock ticks since the machine started. */
  readonly startTime: string;
}

/** Reads `/proc/<pid>/stat`; `undefined` for a text that is none. */
export function parseStat(text: string): ProcessStat | undefined {
  // The second field is the name in parentheses and may itself hold spaces and parentheses.
  const nameEnd = text.lastIndexOf(')');
  if (nameEnd === -1) return undefined;
  const fields = text.slice(nameEnd + 2).split(' ');
  const state = fields[0];
  const startTime = fields[19];
  if (state === undefined || startTime === undefined) return undefined;
  return {
    ended: state === 'Z' || state === 'X' || state === 'x',
    parentPid: Number(fields[1]),
    group: Number(fields[2]),
    startTime,
  };
}
