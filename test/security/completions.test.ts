import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { completions } from '../../src/cli/completions.ts';
import { openHome } from '../../src/client/home.ts';
import { RacewayError } from '../../src/core/errors.ts';
import { many } from './many.ts';
import { writtenHome } from './written-home.ts';

const word = fc.oneof(
  fc.constantFrom(
    'run',
    'ls',
    'show',
    'logs',
    'stop',
    'resume',
    'why',
    'complete',
    'constructor',
    '__proto__',
    'toString',
  ),
  fc.constantFrom(
    '--',
    '-',
    '--home',
    '--home=/nowhere',
    '--tag',
    '--tag=',
    '--user=',
    '--status=fa',
    '=',
    '--json',
    '-f',
    '--help',
  ),
  fc.constantFrom(
    'TrainFlow',
    'TrainFlow/',
    'TrainFlow/1',
    'TrainFlow/1/',
    'TrainFlow/1/start/',
    'TrainFlow/../../x',
    '1',
    '../',
    '/',
    '//// ',
  ),
  fc.string({ unit: 'binary' }),
);

test('whatever is being typed, what a shell is offered is one plain word that goes on from it', async () => {
  using written = writtenHome();
  const tags = [
    '$(touch owned)',
    '`touch owned`',
    '; touch owned',
    '-rf',
    'plain',
    '\u001B[2J',
    "a'b",
    'two words',
    '\n',
  ];
  written.change((database) => {
    for (const tag of tags) database.prepare('INSERT INTO tag VALUES (1, ?)').run(tag);
    database.prepare('UPDATE run SET user = ?').run('$(touch owned)');
  });
  const offered = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 5 }), async (words) => {
      const found = await completions(words, async () => openHome(written.home)).catch((error: unknown) => error);
      if (found instanceof Error) {
        expect(found).toBeInstanceOf(RacewayError);
        return;
      }
      for (const { value } of (found as { words?: readonly { value: string }[] }).words ?? []) {
        expect(value).toMatch(/^[\w@%+,./-]+$/);
        offered.add(value);
      }
    }),
    { ...many(300), examples: [[['show', '']]] },
  );
  expect(offered.has('TrainFlow')).toBe(true);
  const { stdout } = spawnSync('sh', ['-c', `printf '%s\\n' ${[...offered].join(' ')}`], { encoding: 'utf8' });
  expect(stdout).toBe([...offered].map((one) => `${one}\n`).join(''));
});
