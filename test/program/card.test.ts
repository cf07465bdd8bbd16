import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openInBrowser } from '../../src/program/open-in-browser.ts';
import { type FlowFolder, flowFolder } from '../flow-folder.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { until } from '../until.ts';

const SAMPLE = `
import { card, markdown } from 'raceway/flow';
export class Sample extends FlowSpec {
  start = step([card(), card({ id: 'notes', type: 'blank' })], () => {
    current.card.append(markdown('all of it'));
    current.card.get('notes').append(markdown('a note'));
    this.next(this.work, { foreach: ['x', 'y'] });
  });
  work = step([card({ type: 'blank' })], (item: string) => {
    current.card.append(markdown('about ' + item));
    this.next(this.merge);
  });
  merge = join(() => this.next(this.end));
  end = step();
}`;

/** Runs the flow; gives the id of the run. */
async function made(folder: FlowFolder): Promise<string> {
  expect(await folder.run(['run', '--run-id-file=id'])).toMatchObject({ status: 0 });
  return readFileSync(folder.file('id'), 'utf8');
}

test('card list names the cards of a run, a step or a task, one a line', async () => {
  using folder = flowFolder(SAMPLE);
  const id = await made(folder);
  const { stdout } = await folder.run(['card', 'list', id]);
  expect(stdout.replaceAll(/size: \d+/g, 'size: N').split('\n')).toEqual([
    `${id}/start/1 default [size: N type: default]`,
    `${id}/start/1 notes [size: N type: blank]`,
    `${id}/work/2 default [size: N type: blank]`,
    `${id}/work/3 default [size: N type: blank]`,
    '',
  ]);
  expect((await folder.run(['card', 'list', `Sample/${id}/work/3`])).stdout).toMatch(/^\d+\/work\/3 default [^\n]+\n$/);
  expect((await folder.run(['card', 'list', id, '--id=notes'])).stdout).toMatch(/^\d+\/start\/1 notes [^\n]+\n$/);
});

test('card get prints the HTML of a card, or writes it to a file', async () => {
  using folder = flowFolder(SAMPLE);
  const id = await made(folder);
  const { stdout, stderr } = await folder.run(['card', 'get', `${id}/start`, '--id=notes']);
  expect(stdout).toMatch(/^<!doctype html>\n[^]*<p>a note<\/p>[^]*<\/html>\n$/);
  expect(stderr).toBe('');
  expect(await folder.run(['card', 'get', `${id}/start/1`, '--id=notes', '--output=deep/notes.html'])).toMatchObject({
    status: 0,
    stdout: '',
  });
  expect(readFileSync(folder.file('deep/notes.html'), 'utf8')).toBe(stdout);
});

test('card view puts cards where only their owner can read them, and prints where', async () => {
  using folder = flowFolder(SAMPLE);
  const id = await made(folder);
  const { stdout, status } = await folder.run(['card', 'view', `${id}/work`]);
  expect(status).toBe(0);
  const files = stdout.trimEnd().split('\n');
  expect(files).toEqual([2, 3].map((task) => folder.file(`.raceway/cards/Sample-${id}-work-${task}.default.html`)));
  const [file = ''] = files;
  expect(readFileSync(file, 'utf8')).toContain('about x');
  expect([statSync(file).mode & 0o777, statSync(dirname(file)).mode & 0o777]).toEqual([0o600, 0o700]);
  expect((await folder.run(['card', 'view', `${id}/work/2`, '--no-open'])).stdout).toBe(`${file}\n`);
});

describe('what cannot be done is said, with a next step', () => {
  test('a step without cards', async () => {
    using folder = flowFolder(SAMPLE);
    const id = await made(folder);
    expect(await folder.run(['card', 'view', `${id}/end`])).toMatchObject({
      status: 1,
      stderr: `Error: ${id}/end has no cards\nSteps with cards are start, work.\n`,
    });
  });

  test('a run without cards', async () => {
    using folder = flowFolder(
      'export class Sample extends FlowSpec { start = step(() => this.next(this.end)); end = step(); }',
    );
    const id = await made(folder);
    expect(await folder.run(['card', 'list', id])).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/^Error: \d+ has no cards\nNo step of the run has any: give it card\(\)/),
    });
  });

  test('an id that no card has', async () => {
    using folder = flowFolder(SAMPLE);
    const id = await made(folder);
    expect(await folder.run(['card', 'get', `${id}/start`, '--id=note'])).toMatchObject({
      status: 1,
      stderr: `Error: ${id}/start has no card "note"\nIt has default, notes.\n`,
    });
  });

  test('several cards where one is needed', async () => {
    using folder = flowFolder(SAMPLE);
    const id = await made(folder);
    expect(await folder.run(['card', 'get', `${id}/start`])).toMatchObject({
      status: 2,
      stdout: '',
      stderr:
        `Error: ${id}/start has 2 cards, and card get takes one\n` +
        `Name the task, and the card with --id, as in card get ${id}/start/1 --id=default.\n`,
    });
  });

  test.each([
    ['an unknown action', ['card', 'veiw', '1/start'], /^Error: there is no card "veiw"\nDid you mean view\?/],
    ['nothing to look at', ['card', 'view'], /^Error: card needs <view\|get\|list> <run\[\/step\[\/task\]\]>\n/],
    ['no pathspec', ['card', 'list', '../x'], /^Error: .* is not a pathspec/],
  ])('%s', async (_, args, message) => {
    using folder = flowFolder(SAMPLE);
    const { status, stderr } = await folder.run(args);
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
  });

  test('a file that cannot be written', async () => {
    using folder = flowFolder(SAMPLE);
    const id = await made(folder);
    expect(await folder.run(['card', 'get', `${id}/work/2`, '--output=sample.js/x.html'])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^Error: cannot write the card to sample\.js\/x\.html: .*\nGive another file/),
    });
  });
});

describe('opening a file in a browser', () => {
  test('starts what the desktop has for it', async () => {
    using folder = temporaryFolder();
    writeFileSync(
      folder.file('xdg-open'),
      `#!/bin/sh\nprintf '%s' "$1" > '${folder.file('opened')}.part'\nmv '${folder.file('opened')}.part' '${folder.file('opened')}'\n`,
    );
    chmodSync(folder.file('xdg-open'), 0o700);
    const environment = { PATH: `${folder.path}:${process.env['PATH']}` };
    expect(await openInBrowser('/tmp/a b.html', { environment })).toBe(true);
    await until(() => statSync(folder.file('opened'), { throwIfNoEntry: false }) !== undefined);
    expect(readFileSync(folder.file('opened'), 'utf8')).toBe('/tmp/a b.html');
  });

  test('is given up where there is no desktop', async () => {
    using folder = temporaryFolder();
    expect(await openInBrowser('/tmp/a.html', { environment: { PATH: folder.path } })).toBe(false);
  });
});
