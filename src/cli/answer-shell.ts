import { findHome, type Home, openHome } from '../client/home.ts';
import { RacewayError } from '../core/errors.ts';
import { completions } from './completions.ts';
import type { Output } from './output.ts';

/** How the scripts of the shells are told, as Cobra tells them, to offer files or nothing but what they are given. */
const FILES = ':0';
const NO_FILES = ':4';

/**
 * Answers a shell that asks for completions: a line for each with a tab and what it is, then one that says whether files are
 * meant. Says nothing when something is wrong, since somebody is typing.
 *
 * @param words what stands behind `raceway`, up to the word with the cursor
 */
export async function answerShell(words: readonly string[], output: Output): Promise<void> {
  try {
    const found = await completions(words, homeIfThere);
    if (found.kind === 'files') {
      output.line(FILES);
      return;
    }
    for (const { value, description } of found.words) output.fields(value, description);
  } catch (error) {
    if (!(error instanceof RacewayError)) throw error;
  }
  output.line(NO_FILES);
}

async function homeIfThere(home: string | undefined): Promise<Home | undefined> {
  const path = findHome({ home });
  return path === undefined ? undefined : openHome(path);
}
