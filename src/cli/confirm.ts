import { createInterface } from 'node:readline/promises';
import { harmless } from '../core/harmless.ts';
import type { Output } from './output.ts';

/** Whether there is somebody to ask. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** Asks on the terminal, below what was printed before; everything but yes is no. */
export async function confirm(output: Output, question: string): Promise<boolean> {
  await output.flush();
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${harmless(question)} [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } catch {
    return false; // Control-C, or the end of the input
  } finally {
    terminal.close();
  }
}
