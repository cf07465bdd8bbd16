import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { aftermath } from './aftermath.ts';
import type { Injection, ParentOrder } from './injection.ts';
import type { LinesRead } from './lines-read.ts';

const LOG_MEGABYTES = 10;
/** The line that says what was cut. */
const NOTE_BYTES = 200;

/** The most memory that a process may come to have, in megabytes: a Node with raceway in it has about 100. */
const MOST_MEGABYTES = 400;

/**
 * Runs a task that prints so many lines of 80 bytes as fast as it can, with a reader at the other end, and checks what comes out,
 * what is kept, and how much memory that takes. Returns what the reader found.
 */
export async function printLines(
  injection: Injection,
  { lines, reader }: { lines: number; reader: NonNullable<ParentOrder['reader']> },
): Promise<LinesRead | undefined> {
  const parent = injection.startParent({
    flow: 'prints-lines',
    program: 'reads-lines',
    parameters: { lines },
    options: { maxLogSize: LOG_MEGABYTES },
    reader,
  });
  let isOver = false;
  void parent.ended.finally(() => (isOver = true));
  const peaks = new Map<string, number>();
  while (!isOver) {
    await setTimeout(50);
    for (const { pid, role } of injection.processes()) {
      if (role === 'run' || role === 'parent') peaks.set(role, Math.max(peaks.get(role) ?? 0, peakMegabytes(pid)));
    }
  }
  const { stdout, stderr } = await parent.ended;
  const text = stdout.split('\n').find((line) => line.includes('"event":"read"'));
  injection.check('the reader lives to see the end', text === undefined && `it said ${stdout} ${stderr}`);
  const read = text === undefined ? undefined : (JSON.parse(text) as LinesRead);
  if (read !== undefined) {
    injection.check('the run succeeds', read.status !== 'successful' && read.stderr);
    const missing =
      read.last + 1 !== lines && !read.isEndOpen && `the last is ${read.last} of ${lines}, and no gap is told`;
    injection.check('lines come in order, and every gap is told', read.wrong ?? missing);
    const end = `${read.position} of ${read.sizeBytes} bytes`;
    injection.check('the last position is the end of the stream', read.position !== read.sizeBytes && end);
    peaks.set('parent', Math.max(peaks.get('parent') ?? 0, read.peakMegabytes));
  }
  for (const [role, peak] of peaks) {
    injection.check('memory stays bounded', peak > MOST_MEGABYTES && `the ${role} came to have ${peak} MB`);
    injection.peak(`MB of memory in the ${role === 'run' ? 'run process' : role}`, Math.round(peak));
  }
  const logs = join(injection.home, 'logs');
  for (const name of readdirSync(logs, { recursive: true, encoding: 'utf8' })) {
    const { size } = statSync(join(logs, name));
    const isKept = size <= LOG_MEGABYTES * 1_000_000 + NOTE_BYTES;
    injection.check('--max-log-size is kept', !isKept && `${name} has ${size} bytes`);
  }
  await aftermath(injection, { flow: 'PrintsLines', file: 'prints-lines' });
  return read;
}

function peakMegabytes(pid: number): number {
  try {
    const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
    return Number(kilobytes ?? 0) / 1000;
  } catch {
    return 0; // it has ended
  }
}
