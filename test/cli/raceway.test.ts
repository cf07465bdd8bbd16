import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { formatCommand } from '../../src/core/format-command.ts';
import { SeededHome } from '../client/seeded-home.ts';
import { until } from '../until.ts';
import { jsonLines, raceway, startRaceway } from './raceway.ts';

let seeded: SeededHome;

beforeEach(async () => {
  seeded = await SeededHome.make();
});

afterEach(async () => {
  await seeded[Symbol.asyncDispose]();
});

describe('the raceway command', () => {
  test('lists its commands, with --help and with nothing', async () => {
    const [asked, bare] = await Promise.all([raceway(['--help']), raceway([])]);
    expect(bare).toEqual(asked);
    expect(asked).toMatchObject({ status: 0, stderr: '' });
    for (const [name, { help }] of Object.entries(COMMANDS)) {
      expect(asked.stdout).toContain(`  ${name} `);
      expect(asked.stdout.replaceAll(/\s+/g, ' ')).toContain(help);
    }
  });

  test('has help on each of them', async () => {
    const names = Object.keys(COMMANDS);
    const called = await Promise.all(names.map((name) => raceway([name, '--help'])));
    for (const [index, name] of names.entries()) {
      expect(called[index]).toMatchObject({ status: 0, stderr: '' });
      expect(called[index]?.stdout).toContain(`Usage: raceway ${name}`);
      expect(called[index]?.stdout).toContain('--home');
    }
    const [ofLs, ofAll, all] = await Promise.all([raceway(['help', 'ls']), raceway(['help']), raceway(['--help'])]);
    expect(ofLs).toEqual(called[names.indexOf('ls')]);
    expect(ofAll).toEqual(all);
  });

  test.each([
    [['lss'], "unknown command 'lss'\nDid you mean ls?"],
    [['ls', '--statsu=failed'], "unknown option '--statsu=failed'\nDid you mean --status?"],
    [['ls', '--status=faild'], '--status cannot be "faild"\nDid you mean failed?'],
    [['ls', '--since=soon'], '--since cannot be "soon"\nGive how long ago'],
    [['ls', '--limit=-1'], '--limit cannot be "-1"\nGive a whole number'],
    [['ls', '--since=2026-02-30'], '--since cannot be "2026-02-30"\nGive how long ago'],
    [['ls', '--since=2026-02-30T10:00'], '--since cannot be "2026-02-30T10:00"\nGive how long ago'],
    [['ls', '--since=2026-13-01'], '--since cannot be "2026-13-01"\nGive how long ago'],
    [['logs', 'A', '--attempt=all'], '--attempt cannot be "all"\nGive a whole number of 0 or more.\n'],
    [['help', 'lss'], "unknown command 'lss'\nDid you mean ls?"],
    [['help', 'nope-at-all'], "unknown command 'nope-at-all'\nSee raceway --help."],
    [['ls', 'A', 'B'], 'too many arguments'],
    [['show'], "missing required argument 'pathspec'\nSee raceway show --help."],
    [['show', '../x'], '"../x" is not a pathspec'],
    [['a\x1b[2Jb'], String.raw`unknown command 'a\x1b[2Jb'`],
  ])('ends with status 2 and says what is wrong with %j', async (args, message) => {
    const { status, stdout, stderr } = await raceway([...args, '--home', seeded.path]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(`Error: ${message}`);
    expect(stderr.trimEnd().split('\n')).toHaveLength(2);
  });

  test('ends with status 1 when what was asked for is not there', async () => {
    const missing = `${seeded.path}/none`;
    expect(await raceway(['ls', '--home', missing])).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining(`Error: there is no home at ${missing}\nRun a flow first`),
    });
    const { stderr } = await raceway(['show', 'Nope', '--json', '--home', seeded.path]);
    expect(jsonLines(stderr)).toEqual([
      { error: { code: 'NOT_FOUND', message: expect.stringContaining('no flow Nope'), advice: expect.any(String) } },
    ]);
  });

  test('advises what can be typed, not what a program can do', async () => {
    const { stderr } = await raceway(['ls', '--home', `${seeded.path}/none`]);
    expect(stderr).toContain('with --home or RACEWAY_HOME.\n');
    const nowhere = await raceway(['ls', 'Nope', '--home', seeded.path]);
    expect(nowhere.stderr).toContain('is it the right home? (--home, RACEWAY_HOME)\n');
    const file = `${seeded.path}/program`;
    await writeFile(file, '#!/bin/sh\n', { mode: 0o600 });
    expect((await raceway(['run', file])).stderr).toContain('(chmod +x) with a #! line that names its program.\n');
  });

  test.each([
    ['--home', '', 'ls'],
    ['ls', '--home='],
  ])('takes an empty home for a mistake, as that of a variable that is not set: %j %j', async (...args) => {
    const { status, stdout, stderr } = await raceway(args);
    expect({ status, stdout, stderr }).toEqual({
      status: 2,
      stdout: '',
      stderr: 'Error: --home is empty\nName a folder, or leave it out.\n',
    });
  });

  test('says that what it prints finds no room', () => {
    const command = formatCommand([process.execPath, 'dist/cli.js', '--help']);
    const { status, stderr } = spawnSync('sh', ['-c', `${command} > /dev/full`], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(
        /^Error: not all could be printed: ENOSPC.*\nMend that, or print to another place\.\n$/,
      ),
    });
  });

  test('takes the options of every command before it as well', async () => {
    const run = await seeded.run();
    const { stdout } = await raceway(['--home', seeded.path, '--json', 'ls']);
    expect(jsonLines(stdout)).toMatchObject([{ pathspec: run.pathspec }]);
  });

  test('ends quietly when its reader leaves', async () => {
    for (let count = 0; count < 500; count++) await seeded.run({ userTags: ['x'.repeat(500)] });
    const { child, called, stdout } = startRaceway(['ls', '--json', '--limit=all', '--home', seeded.path]);
    if (child.stdout === null) throw new Error('no pipe');
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const { status, stderr } = await called;
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout().length).toBeLessThan(500 * 500);
  });

  test('ends at once and quietly on Ctrl-C', async () => {
    const run = await seeded.run();
    await run.log(await run.start('start'), 'first\n');
    const { child, called, stdout } = startRaceway(['logs', '-f', run.pathspec, '--home', seeded.path]);
    await until(() => stdout().includes('first'));
    child.kill('SIGINT');
    expect(await called).toMatchObject({ signal: 'SIGINT', stderr: '' });
  });

  test('has colours on a terminal, and only there', async () => {
    await seeded.run();
    const args = ['ls', '--home', seeded.path];
    const colour = /\x1b\[3\dm/; // oxlint-disable-line no-control-regex
    expect((await raceway(args, { onTerminal: true })).stdout).toMatch(colour);
    expect((await raceway(args)).stdout).not.toContain('\x1b');
    expect((await raceway(args, { onTerminal: true, env: { NO_COLOR: '1' } })).stdout).not.toContain('\x1b');
    expect((await raceway([...args, '--no-color'], { onTerminal: true })).stdout).not.toContain('\x1b');
    expect((await raceway(['--no-color', ...args], { onTerminal: true })).stdout).not.toContain('\x1b');
  });
});

describe('text that somebody else wrote', () => {
  const evil = 'a\x1b]0;x\x07b\x1b[2Jc\rd\u202ee\x9b2Jf';
  const shown = String.raw`a\x1b]0;x\x07b\x1b[2Jc\rd\u202ee\x9b2Jf`;

  /** A run in which everything that can be is hostile. */
  async function hostileRun(): Promise<string> {
    const run = await seeded.run({
      user: evil,
      userTags: [evil],
      systemTags: [evil],
      values: { [evil]: evil },
      command: ['node', `/${evil}.ts`, 'run', evil],
    });
    const parent = await run.task('start', { [evil]: evil });
    const id = await run.start('fit', { parentIds: [parent] });
    await run.log(id, `${evil}\n`);
    await run.log(id, `${evil}\n`, { stream: 'stderr' });
    await run.finish(id, {
      state: { status: 'failed', reason: { kind: 'exception', message: evil } },
      exception: { name: evil, message: `${evil}\n${evil}`, stack: `    at ${evil}\n    at node_modules/${evil}` },
    });
    await run.writer.finish({
      status: 'failed',
      reason: { kind: 'task', pathspec: `${run.pathspec}/fit/${id}`, message: evil },
    });
    return run.id;
  }

  const calls: readonly (readonly string[])[] = [
    ['ls'],
    ['show', 'TrainFlow'],
    ['show', 'RUN'],
    ['show', 'RUN/fit'],
    ['show', 'RUN/start/1', '--values'],
    ['show', 'RUN/fit/2', '--values'],
    ['logs', 'RUN'],
    ['logs', 'RUN', '--timestamps', '--tail=1'],
    ['logs', 'RUN', '-f'],
    ['why'],
    ['why', 'RUN'],
  ];

  test.each(calls)('does not reach a terminal as it is: %j %j %j %j', async (...args) => {
    const id = await hostileRun();
    const words = args.filter((word) => word !== undefined).map((word) => word.replace('RUN', id));
    const { status, stdout } = await raceway([...words, '--home', seeded.path], { onTerminal: true });
    expect(status).toBe(0);
    if (args[1] !== 'RUN/fit') expect(stdout).toContain(words[0] === 'logs' ? shown : shown.slice(0, 8));
    const text = stdout
      .replaceAll('\r\n', '\n') // the terminal's own
      .replaceAll(/\x1b\[\d*m/g, ''); // oxlint-disable-line no-control-regex
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}|\p{Bidi_Control}/u);
  });

  test.each(calls)('is valid and harmless JSON: %j %j %j %j', async (...args) => {
    const id = await hostileRun();
    const words = args.filter((word) => word !== undefined).map((word) => word.replace('RUN', id));
    const { status, stdout, stderr } = await raceway([...words, '--json', '--home', seeded.path]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.replaceAll('\n', '')).not.toMatch(/\p{Cc}|\p{Bidi_Control}/u);
    const objects = jsonLines(stdout);
    expect(objects.length).toBeGreaterThan(0);
    if (args[1] !== 'RUN/fit') expect(JSON.stringify(objects)).toContain(JSON.stringify(evil).slice(1, -1));
  });

  test('does not come from the name of a flow either: such a home is none', async () => {
    await using other = await SeededHome.make();
    await other.run({ flow: evil });
    const { status, stdout } = await raceway(['ls', '--home', other.path], { onTerminal: true });
    expect(status).toBe(1);
    expect(stdout.replaceAll(/[\r\n]/g, '')).not.toMatch(/\p{Cc}|\p{Bidi_Control}/u);
  });

  test('is what it was where nobody looks: the log of a task in a file', async () => {
    const id = await hostileRun();
    const { stdout, stderr } = await raceway(['logs', `${id}/fit/2`, '--home', seeded.path]);
    expect(stdout).toBe(`${evil}\n`);
    const [first, ...thrown] = stderr.split('\n');
    expect(first).toBe(evil);
    expect(thrown.join('\n')).not.toMatch(/[^ -~\n]/); // what it threw is none of its log
  });
});
