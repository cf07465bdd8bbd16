import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatCommand } from '../../src/core/format-command.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { many, MANY_MS } from './many.ts';

/** What a shell takes for more than a letter, and a terminal for more than a character. */
const nasty = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...Array.from(` '"\`$\\!*?[]{}()<>|&;#~=%^-/,.:\n\t\r\u001B\u007F\u009B\u202E\u2028aé🙂`)),
    fc.constantFrom('$(', '${', "'\\''", '\\\n', '--', '\u001B]0;'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).filter((text) => text !== '\0'),
  ),
  maxLength: 12,
});

const words = fc.array(nasty, { maxLength: 8 });

/** Lone halves of a character cannot be written to a pipe; they come back as U+FFFD. */
function written(text: string): string {
  return text.toWellFormed();
}

// One shell for many commands: to start one takes longer than to read them.
test(
  'a command that is printed gives the shell that it is pasted into the very same words',
  () => {
    fc.assert(
      fc.property(fc.array(words, { minLength: 50, maxLength: 50 }), (commands) => {
        const script = commands
          .map((given) => `${formatCommand(['printf', '%s\\0', ...given, 'end of the words'])}\n`)
          .join('');
        const { stdout, stderr } = spawnSync('sh', { input: script, encoding: 'utf8' });
        expect(stderr).toBe('');
        const expected = commands
          .flatMap((given) => [...given, 'end of the words'])
          .map((word) => `${written(word)}\0`);
        expect(stdout).toBe(expected.join(''));
      }),
      many(10),
    );
  },
  MANY_MS,
);

test('a command that is printed has nothing that a terminal obeys but line ends', () => {
  fc.assert(
    fc.property(words, (given) => {
      expect(formatCommand(given)).not.toMatch(/(?!\n)[\p{Cc}\u2028-\u202e\u2066-\u2069]/u);
    }),
    many(1000),
  );
});

test.each(['A=b', 'if', '{', '!', 'time', 'two words', '$(x)', '~', 'a\u001Bb'])(
  '%j is executed when it comes first',
  (name) => {
    using folder = temporaryFolder();
    writeFileSync(folder.file(name), '#!/bin/sh\nprintf "%s" "executed with $1"\n');
    chmodSync(folder.file(name), 0o755);
    const { stdout } = spawnSync('sh', ['-c', formatCommand([name, 'x y'])], {
      env: { PATH: `${folder.path}:/usr/bin:/bin` },
      encoding: 'utf8',
    });
    expect(stdout).toBe('executed with x y');
  },
);
