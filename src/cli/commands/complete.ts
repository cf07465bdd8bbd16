import { script } from '@bomb.sh/tab';
import { BASH_COMPLETION } from '../bash-completion.ts';
import type { CliContext } from '../context.ts';

/** `complete`: the script that a shell reads. It calls `raceway complete -- words`, see `answer-shell.ts`. */
export async function complete({ output, words: [shell = ''] }: CliContext): Promise<void> {
  if (shell === 'bash') output.block(BASH_COMPLETION);
  else script(shell, 'raceway', 'raceway'); // prints it
}
