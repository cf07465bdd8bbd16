import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import type { Run } from '../../src/client/run.ts';
import type { Task } from '../../src/client/task.ts';
import { flowFolder, type FlowFolder } from '../flow-folder.ts';

const IMPORTS = `import { card, catchError, markdown, retry, secrets, table, timeout, value } from 'raceway/flow';`;

/** A flow whose step start has these decorators and this body. */
function flowWith(decorators: string, body: string): string {
  return `${IMPORTS}
    export class Sample extends FlowSpec.with({ epochs: parameter.integer({ default: 3 }) }) {
      score = 0;
      start = step([${decorators}], async () => { ${body} this.next(this.end); });
      end = step();
    }`;
}

async function latestRun(folder: FlowFolder): Promise<{ run: Run } & AsyncDisposable> {
  const home = await folder.home();
  const run = await home.flow('Sample').latestRun();
  if (run === undefined) throw new Error('there is no run');
  return { run, [Symbol.asyncDispose]: () => home.close() };
}

async function taskOf(run: Run, step: string): Promise<Task> {
  const task = (await Array.fromAsync(run.tasks())).find(({ stepName }) => stepName === step);
  if (task === undefined) throw new Error(`there is no task of ${step}`);
  return task;
}

/** The cards of the only task of start, by id. */
async function cardsOf(run: Run): Promise<Readonly<Record<string, string>>> {
  const task = await taskOf(run, 'start');
  const cards = await Array.fromAsync(task.cards());
  return Object.fromEntries(await Promise.all(cards.map(async (card) => [card.id, await card.html()] as const)));
}

test('a card has what the step appended, and what the task was and left', async () => {
  using folder = flowFolder(
    flowWith(
      'card()',
      `this.score = 0.75;
       current.card.append(markdown('# Training'), table([{ epoch: this.epochs }]));
       current.card.append(value({ lr: 0.1 }, { label: 'Settings' }));`,
    ),
  );
  expect((await folder.run(['run', '--epochs=5'])).status).toBe(0);
  await using latest = await latestRun(folder);
  const { default: html = '' } = await cardsOf(latest.run);
  for (const part of [
    `<title>${latest.run.pathspec}/start/1</title>`,
    '<span class="successful">successful</span>',
    '<td>epochs</td><td class="preview"><code>5</code></td>',
    '<h1>Training</h1>',
    '<th>epoch</th>',
    '<figcaption>Settings</figcaption>',
    '<td>score</td><td>number</td>',
    '<code>0.75</code>',
  ]) {
    expect(html).toContain(part);
  }
  const end = await taskOf(latest.run, 'end');
  expect(await Array.fromAsync(end.cards())).toEqual([]);
});

test('what was cleared is not in the card', async () => {
  using folder = flowFolder(
    flowWith(
      'card()',
      `current.card.append(markdown('draft')); current.card.clear(); current.card.append(markdown('final'));`,
    ),
  );
  await folder.run(['run']);
  await using latest = await latestRun(folder);
  const { default: html } = await cardsOf(latest.run);
  expect(html).toContain('final');
  expect(html).not.toContain('draft');
});

test('several cards of a task are kept apart', async () => {
  using folder = flowFolder(
    flowWith(
      `card(), card({ id: 'short', type: 'blank' })`,
      `current.card.append(markdown('for one')); current.card.get('short').append(markdown('for the other'));`,
    ),
  );
  await folder.run(['run']);
  await using latest = await latestRun(folder);
  const cards = await cardsOf(latest.run);
  expect(Object.keys(cards)).toEqual(['default', 'short']);
  expect(cards['default']).toContain('<p>for one</p>');
  expect(cards['short']).toContain('<p>for the other</p>');
  expect(cards['short']).not.toContain('<dl>');
});

test('two cards with one id are refused before anything runs', async () => {
  using folder = flowFolder(flowWith('card(), card()', ''));
  const { status, stderr } = await folder.run(['run']);
  expect(stderr).toContain('step() was given the decorator card twice\nRemove one of them.');
  expect(status).toBe(2);
});

test('a decorator that asks for a card that is there already does not make a second one', async () => {
  using folder = flowFolder(`
    import { defineDecorator } from 'raceway/flow';
    const reported = defineDecorator('reported', { policy: () => ({ cards: [{ id: 'default', type: 'blank' }] }) });
    ${flowWith('card(), reported()', `current.card.append(markdown('x'));`)}`);
  expect((await folder.run(['run'])).status).toBe(0);
  await using latest = await latestRun(folder);
  expect(Object.keys(await cardsOf(latest.run))).toEqual(['default']);
});

test('a step without card() is told so when it appends', async () => {
  using folder = flowFolder(flowWith('', `current.card.append(markdown('x'));`));
  const { status, stderr } = await folder.run(['run']);
  expect(stderr).toContain(
    'there is no card to append to: step start has no card\n    Add card() to it: start = step([card()], …).',
  );
  expect(status).toBe(1);
});

test('--with=card gives every step a card', async () => {
  using folder = flowFolder(flowWith('', ''));
  expect((await folder.run(['run', '--with=card:type=blank'])).status).toBe(0);
  await using latest = await latestRun(folder);
  const tasks = await Array.fromAsync(latest.run.tasks());
  const cards = await Promise.all(tasks.map((task) => Array.fromAsync(task.cards())));
  expect(cards.map((some) => some.map(({ type }) => type))).toEqual([['blank'], ['blank']]);
});

describe('a card is kept', () => {
  test('when the step throws, with the error', async () => {
    using folder = flowFolder(
      flowWith('card()', `current.card.append(markdown('so far')); throw new TypeError('no <b>');`),
    );
    expect((await folder.run(['run'])).status).toBe(1);
    await using latest = await latestRun(folder);
    const { default: html } = await cardsOf(latest.run);
    for (const part of ['<span class="failed">failed</span>', 'TypeError: no &lt;b&gt;', '<p>so far</p>']) {
      expect(html).toContain(part);
    }
  });

  test('of each attempt, and the last one is shown', async () => {
    using folder = flowFolder(
      flowWith(
        'card(), retry({ times: 1 })',
        `current.card.append(markdown('try ' + current.retryCount)); if (current.retryCount === 0) throw new Error('once');`,
      ),
    );
    expect((await folder.run(['run'])).status).toBe(0);
    await using latest = await latestRun(folder);
    const { default: html } = await cardsOf(latest.run);
    expect(html).toContain('<p>try 1</p>');
    expect(html).toContain('<dt>Attempt</dt><dd>1</dd>');
    using database = new DatabaseSync(folder.file('.raceway/raceway.db'), { readOnly: true });
    const rows = database.prepare('SELECT number FROM card JOIN attempt USING (attempt_key) ORDER BY number').all();
    expect(rows.map((row) => row['number'])).toEqual([0, 1]);
  });

  test('of the attempt before, when the last one crashed', async () => {
    using folder = flowFolder(
      flowWith(
        'card(), retry({ times: 1 })',
        `current.card.append(markdown('try ' + current.retryCount));
         if (current.retryCount === 0) throw new Error('once'); else process.exit(3);`,
      ),
    );
    expect((await folder.run(['run'])).status).toBe(1);
    await using latest = await latestRun(folder);
    expect((await cardsOf(latest.run))['default']).toContain('<p>try 0</p>');
  });

  test('when the error is caught, besides the artifact with the error', async () => {
    using folder = flowFolder(
      flowWith(
        `card(), catchError({ artifact: 'error' })`,
        `current.card.append(markdown('so far')); throw new Error('no');`,
      ),
    );
    expect((await folder.run(['run'])).status).toBe(0);
    await using latest = await latestRun(folder);
    expect((await cardsOf(latest.run))['default']).toContain('<p>so far</p>');
    expect(await latest.run.data['error']).toMatchObject({ message: 'no' });
  });

  test('when it is so large that it is a file', async () => {
    using folder = flowFolder(flowWith('card()', `current.card.append(markdown('x'.repeat(200_000)));`));
    expect((await folder.run(['run'])).status).toBe(0);
    await using latest = await latestRun(folder);
    expect((await cardsOf(latest.run))['default']).toContain('x'.repeat(200_000));
  });
});

test('a task that crashed has no card', async () => {
  using folder = flowFolder(flowWith('card()', `current.card.append(markdown('x')); process.exit(3);`));
  expect((await folder.run(['run'])).status).toBe(1);
  await using latest = await latestRun(folder);
  expect(await cardsOf(latest.run)).toEqual({});
});

test('a resumed run has the cards of the tasks it took over', async () => {
  const flow = (end: string): string => `${IMPORTS}
    export class Sample extends FlowSpec {
      start = step([card()], () => { current.card.append(markdown('made once')); this.next(this.end); });
      end = step(() => { ${end} });
    }`;
  using folder = flowFolder(flow(`throw new Error('no');`));
  expect((await folder.run(['run'])).status).toBe(1);
  await using first = await latestRun(folder);
  folder.write(flow(''));
  expect((await folder.run(['resume'])).status).toBe(0);
  await using second = await latestRun(folder);
  expect(second.run.id).not.toBe(first.run.id);
  const cards = await cardsOf(second.run);
  expect(cards['default']).toContain('made once');
  expect(cards).toEqual(await cardsOf(first.run));
});

test.each([
  ['succeeds', ''],
  ['throws it', `throw new Error('denied: ' + process.env.API_KEY);`],
])('a secret is not in the card of a task that %s', async (_, ending) => {
  using folder = flowFolder(
    flowWith(
      `card(), secrets({ sources: ['env:API_KEY'] })`,
      `const key = process.env.API_KEY;
       current.card.append(markdown('key: ' + key), table([[key]]), value({ key })); ${ending}`,
    ),
  );
  const secret = 's3cret<&>"key';
  await folder.run(['run'], { API_KEY: secret });
  await using latest = await latestRun(folder);
  const { default: html } = await cardsOf(latest.run);
  expect(html).toContain(`key: ${'*'.repeat(secret.length)}<`);
  expect(html).not.toContain('s3cret');
});

test('a card that cannot be shown fails no task, and says so in it and in the log of the task', async () => {
  using folder = flowFolder(
    flowWith('card()', `current.card.append(markdown('before'), { kind: 'markdown' } as never, markdown('after'));`),
  );
  expect((await folder.run(['run'])).status).toBe(0);
  await using latest = await latestRun(folder);
  const { default: html } = await cardsOf(latest.run);
  for (const part of ['<p>before</p>', 'component 2 (markdown) could not be shown', '<p>after</p>']) {
    expect(html).toContain(part);
  }
  const task = await taskOf(latest.run, 'start');
  expect(await task.stderr()).toMatch(/^In the card default, component 2 \(markdown\) could not be shown: [^\n]+\n$/);
});

test('cards that cannot be kept fail no task, and the log of the task says so', async () => {
  using folder = flowFolder(
    flowWith(
      'card()',
      `writeFileSync('.raceway/artifacts', 'no folder'); current.card.append(markdown('x'.repeat(100_000)));`,
    ),
  );
  expect((await folder.run(['run'])).status).toBe(0);
  await using latest = await latestRun(folder);
  expect(await cardsOf(latest.run)).toEqual({});
  const task = await taskOf(latest.run, 'start');
  expect(await task.stderr()).toMatch(/^The cards could not be kept: [^\n]+\nMend that, then resume the run\.\n$/);
});

test('large artifacts that a task only passes on are not loaded for its card', async () => {
  using folder = flowFolder(`${IMPORTS}
    export class Sample extends FlowSpec {
      large = 'x'.repeat(200_000);
      small = 'seen';
      start = step(() => { this.large += '!'; this.next(this.middle); });
      middle = step([card()], () => this.next(this.end));
      end = step();
    }`);
  expect((await folder.run(['run'])).status).toBe(0);
  await using latest = await latestRun(folder);
  const [card] = await Array.fromAsync((await taskOf(latest.run, 'middle')).cards());
  const html = (await card?.html()) ?? '';
  expect(html).toMatch(/<td>large<\/td><td>string<\/td><td class="number">200\.\d kB<\/td><td class="preview"><\/td>/);
  expect(html).toContain('<code>&#39;seen&#39;</code>');
});

test('a flow without cards loads neither what makes them nor the library for Markdown', async () => {
  const source = (decorators: string, body: string): string => `
    import { registerHooks } from 'node:module';
    registerHooks({ load(url, context, next) { trace('loaded', url); return next(url, context); } });
    ${flowWith(decorators, body)}`;
  using folder = flowFolder(source('', ''));
  expect((await folder.run(['run'])).status).toBe(0);
  const loaded = readFileSync(folder.file('loaded'), 'utf8');
  expect(loaded).toContain('worker.js');
  expect(loaded).not.toMatch(/marked|keep-cards/);
  folder.write(source('card()', `current.card.append(markdown('x'));`));
  expect((await folder.run(['run'])).status).toBe(0);
  expect(readFileSync(folder.file('loaded'), 'utf8')).toMatch(/keep-cards[^]*\/marked\//);
});
