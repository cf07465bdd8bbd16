import { execFile } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SeededHome, type SeededRun } from '../client/seeded-home.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { raceway } from './raceway.ts';

let seeded: SeededHome;
let run: SeededRun;

beforeAll(async () => {
  seeded = await SeededHome.make();
  run = await seeded.run({ userTags: ['nightly', '$(touch x)', '`touch x`', 'a\nb'] });
  await run.task('start');
  await seeded.run({ flow: '$(touch x)' });
});

afterAll(async () => {
  await seeded[Symbol.asyncDispose]();
});

/** What is offered for the last word, and how the shell is told to go on. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const { status, stdout, stderr } = await raceway(['complete', '--', ...words], {
    env: { RACEWAY_HOME: seeded.path },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t')[0] ?? '');
}

describe('completion', () => {
  test('offers commands', async () => {
    expect(await offered('')).toEqual(expect.arrayContaining(['ls', 'show', 'logs', 'why', 'complete', ':4']));
    expect(await offered('sh')).toEqual(['show', ':4']);
  });

  test('offers options and their values', async () => {
    expect(await offered('ls', '--s')).toEqual(['--status', '--since', '--spins', ':4']);
    expect(await offered('ls', '--status', 'f')).toEqual(['failed', ':4']);
    expect(await offered('ls', '--status=f')).toEqual(['failed', ':4']);
    expect(await offered('ls', '--status', '=', 'f')).toEqual(['failed', ':4']); // as bash cuts it
    expect(await offered('logs', '-')).toEqual(expect.arrayContaining(['-f', '--follow', '--home', '--help']));
    expect(await offered('why', '--flow', '')).toEqual([':0']);
    expect(await offered('complete', 'b')).toEqual(['bash', ':4']);
  });

  test('offers flows, runs, steps and tasks of the home', async () => {
    expect(await offered('ls', 'T')).toEqual(['TrainFlow', ':4']);
    expect(await offered('show', '')).toEqual(['TrainFlow', run.pathspec, ':4']);
    expect(await offered('show', 'TrainFlow/')).toEqual([run.pathspec, ':4']);
    expect(await offered('show', run.id)).toEqual([run.id, ':4']);
    expect(await offered('show', `${run.pathspec}/`)).toEqual([`${run.pathspec}/start`, ':4']);
    expect(await offered('show', `${run.pathspec}/start/`)).toEqual([`${run.pathspec}/start/1`, ':4']);
    expect(await offered('--json', 'ls', '--user', 'a')).toEqual(['ada', ':4']);
  });

  test('takes the home that the command line names', async () => {
    using folder = temporaryFolder();
    expect(await offered('show', '--home', folder.path, '')).toEqual([':4']);
    expect(await offered(`--home=${folder.path}`, 'show', '')).toEqual([':4']);
  });

  test('says nothing when something is wrong', async () => {
    expect(await offered('show', 'TrainFlow/42/')).toEqual([':4']);
    expect(await offered('nope', '')).toEqual(expect.arrayContaining([':4']));
  });

  test('offers nothing that a shell would take for more than a word', async () => {
    expect(await offered('ls', '--tag', '')).toEqual(['nightly', ':4']);
    expect(await offered('ls', '')).toEqual(['TrainFlow', ':4']);
  });

  test('works in bash', async () => {
    using folder = temporaryFolder();
    symlinkSync(process.execPath, folder.file('node'));
    symlinkSync(fileURLToPath(new URL('../../dist/cli.js', import.meta.url)), folder.file('raceway'));
    const script = `
      set -u
      source <(raceway complete bash)
      source <(raceway complete bash)
      COMP_WORDS=(raceway "$@")
      COMP_CWORD=$#
      _raceway_completion raceway
      printf '%s\\n' "\${COMPREPLY[@]}"
    `;
    const complete = async (...words: readonly string[]): Promise<string> => {
      const env = { ...process.env, PATH: `${folder.path}:${process.env['PATH']}`, RACEWAY_HOME: seeded.path };
      const { stdout, stderr } = await promisify(execFile)('bash', ['-c', script, 'bash', ...words], { env });
      return stdout + stderr.replaceAll(/.*compopt.*\n/g, ''); // it only works while somebody presses the key
    };
    expect(await complete('sh')).toBe('show\n');
    expect(await complete('ls', '--status', '=', 's')).toBe('successful\n');
    expect(await complete('show', '$(echo x)')).toBe('\n'); // it is not executed
    expect(await complete('show', 'TrainFlow/')).toBe(`${run.pathspec}\n`);
  });

  test.each([
    ['zsh', 'compdef _raceway raceway'],
    ['fish', 'complete -c raceway'],
  ])('has a script for %s', async (shell, line) => {
    const { status, stdout } = await raceway(['complete', shell]);
    expect(status).toBe(0);
    expect(stdout).toContain(line);
  });

  test('names the shells there are', async () => {
    expect(await raceway(['complete', 'tcsh'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('bash, zsh, fish'),
    });
  });
});
