import { spawnSync } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openHome } from '../../src/client/home.ts';
import { prepareBlob } from '../../src/store/artifact-files.ts';
import { encodeValue } from '../../src/store/encoding.ts';
import { flowFolder, type FlowFolder } from '../flow-folder.ts';
import { writtenHome } from './written-home.ts';

/** Clears the screen, sets the title, moves up, and turns what follows around. */
const HOSTILE = '\u001B[2J\u001B]0;owned\u0007\u009B1A\r\u202Eevil\u2028';

/** What a terminal would obey. */
const OBEYED = /(?![\n\t])\p{Cc}|[\u2028-\u202e\u2066-\u2069]/u;

const FLOW = `
export class Sample extends FlowSpec.with({ rate: parameter.float({ default: 1 }), text: parameter.string({ default: '' }) }) {
  model: unknown;
  start = step(() => {
    if (this.text !== '') throw Object.assign(new Error(this.text), { name: this.text });
    this.next(this.end);
  });
  end = step();
}`;

let folder: FlowFolder;

beforeAll(() => {
  using written = writtenHome();
  const encoded = encodeValue(Object.assign(new Error(HOSTILE), { [HOSTILE]: [HOSTILE] }));
  if (encoded.kind === 'refused') throw new Error(encoded.what);
  const {
    sha256,
    sizeBytes,
    bytes = null,
  } = prepareBlob({ home: written.home, flow: 'Sample', runId: '1' }, encoded.parts);
  written.change((database) => {
    database.exec(`UPDATE flow SET name = 'Sample'; UPDATE run SET flow = 'Sample';
      UPDATE task SET origin_pathspec = NULL, frames = '[]'; DELETE FROM artifact WHERE name = 'small';
      UPDATE attempt SET transition = '{"kind":"linear","steps":["end"]}' WHERE attempt_key = 1`);
    database.prepare('INSERT INTO blob VALUES (?, ?, ?)').run(sha256, sizeBytes, bytes);
    database
      .prepare('UPDATE artifact SET name = ?, type = ?, sha256 = ?, size_bytes = ?')
      .run(HOSTILE, HOSTILE, sha256, sizeBytes);
    database.prepare('UPDATE card SET id = ?, type = ?').run(HOSTILE, HOSTILE);
    database.prepare('UPDATE tag SET tag = ?').run(HOSTILE);
    database.prepare('UPDATE run SET user = ?, system_tags = ?').run(HOSTILE, JSON.stringify([HOSTILE]));
    database
      .prepare('UPDATE attempt SET exception = ?')
      .run(JSON.stringify({ name: HOSTILE, message: HOSTILE, stack: HOSTILE }));
    database
      .prepare('UPDATE run SET reason = ?')
      .run(JSON.stringify({ kind: 'task', pathspec: HOSTILE, message: HOSTILE }));
  });
  folder = flowFolder(FLOW);
  cpSync(written.home, folder.file('.raceway'), { recursive: true });
});

afterAll(() => folder[Symbol.dispose]());

describe.concurrent('what a store of somebody else, or a command line, holds does nothing to the terminal', () => {
  test.each<[shows: 'shown' | 'not shown', ...command: string[]]>([
    ['shown', 'dump', '1/start/1'],
    ['shown', 'dump', '1/start/1', '--include=nothing'],
    ['shown', 'logs', '1/start/1'],
    ['shown', 'card', 'list', '1'],
    ['shown', 'card', 'get', '1'],
    ['not shown', 'card', 'view', '1', '--no-open'],
    ['shown', 'tag', 'list', '--run-id=1'],
    ['shown', 'tag', 'remove', HOSTILE, '--run-id=1'],
    ['not shown', 'resume', '--dry-run', '--origin-run-id=1'],
    ['not shown', 'resume', 'end', '--origin-run-id=1'],
    ['not shown', 'spin', '1/end/2'],
    ['shown', 'spin', '1/start/1', `--artifacts=${HOSTILE}=1`],
    ['shown', HOSTILE],
    ['shown', 'run', `--${HOSTILE}`],
    ['shown', 'run', `--rate=${HOSTILE}`],
    ['shown', 'run', `--text=${HOSTILE}`],
    ['shown', '--log-format=json', 'run', `--text=${HOSTILE}`],
    ['shown', 'logs', HOSTILE],
  ])('%s by %j %j %j', async (shows, ...command) => {
    const { stdout, stderr } = await folder.run(command);
    expect(stdout + stderr).not.toMatch(OBEYED);
    expect(stderr).not.toContain('Internal error');
    expect(/\\(x|u00)1b\[2J/.test(stdout + stderr) ? 'shown' : 'not shown').toBe(shows);
  });
});

test('what a store of somebody else holds is harmless when a handle is printed', async () => {
  await using home = await openHome(folder.file('.raceway'));
  for await (const run of home.flow('Sample').runs()) {
    expect(inspect(run)).not.toMatch(OBEYED);
    for await (const task of run.tasks()) {
      const handles = [task, ...(await Array.fromAsync(task)), ...(await Array.fromAsync(task.cards()))];
      expect(inspect(handles)).not.toMatch(OBEYED);
    }
  }
});

test('a log is shown to a terminal without harm, in its colours, and to anybody else byte by byte', async () => {
  const text = '\u001B[31mred\u001B[0m\r\n\u001B]0;owned\u0007\u001B[2Jnot cleared\n';
  using other = flowFolder(`
export class Sample extends FlowSpec {
  start = step(() => {
    process.stdout.write(${JSON.stringify(text)});
    this.next(this.end);
  });
  end = step();
}`);
  await other.run(['run']);
  expect((await other.run(['logs', 'start'])).stdout).toBe(text);
  writeFileSync(other.file('on-a-terminal'), `exec '${process.execPath}' sample.js logs start\n`);
  const { stdout } = spawnSync('script', ['-qec', 'sh on-a-terminal', '/dev/null'], {
    cwd: other.path,
    env: { ...process.env, TERM: 'xterm-256color', NO_COLOR: undefined, CI: undefined },
    encoding: 'utf8',
  });
  expect(stdout).toContain('\u001B[31mred\u001B[0m');
  expect(stdout).toContain('\\x1b]0;owned\\x07\\x1b[2Jnot cleared');
  expect(stdout).not.toContain('\u001B]');
});
