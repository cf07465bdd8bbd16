import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { prepareBlob } from '../../src/store/artifact-files.ts';
import { SeededHome } from './seeded-home.ts';

/** Cards with these contents, by id. */
function cardsOf(home: string, contents: Readonly<Record<string, string>>) {
  const made = Object.entries(contents).map(([id, html]) => {
    const blob = prepareBlob({ home, flow: 'TrainFlow', runId: '1' }, [Buffer.from(html)]);
    return { blob, card: { id, type: 'default', sha256: blob.sha256, sizeBytes: blob.sizeBytes } };
  });
  return { cards: made.map(({ card }) => card), blobs: made.map(({ blob }) => blob) };
}

test('a task gives its cards by id, each with its HTML', async () => {
  await using seeded = await SeededHome.make();
  const run = await seeded.run();
  const id = await run.start('train');
  await run.finish(id, cardsOf(seeded.path, { plots: '<p>ä</p>', default: '<p>all</p>' }));
  const cards = await Array.fromAsync((await seeded.home.task(`${run.pathspec}/train/${id}`)).cards());
  expect(cards.map((card) => [card.id, card.type, card.sizeBytes, card.taskPathspec])).toEqual([
    ['default', 'default', 10, `${run.pathspec}/train/${id}`],
    ['plots', 'default', 9, `${run.pathspec}/train/${id}`],
  ]);
  expect(await Promise.all(cards.map((card) => card.html()))).toEqual(['<p>all</p>', '<p>ä</p>']);
  expect(inspect(cards[0])).toBe(`Card default of ${run.pathspec}/train/${id} (default, 10 bytes)`);
});

test('a task without cards gives none', async () => {
  await using seeded = await SeededHome.make();
  const run = await seeded.run();
  const id = await run.task('train');
  expect(await Array.fromAsync((await seeded.home.task(`${run.pathspec}/train/${id}`)).cards())).toEqual([]);
});

test('a card whose content is damaged is not given', async () => {
  await using seeded = await SeededHome.make();
  const run = await seeded.run();
  const id = await run.start('train');
  const { cards, blobs } = cardsOf(seeded.path, { default: '<p>all</p>' });
  await run.finish(id, { cards, blobs: blobs.map((blob) => ({ ...blob, bytes: Buffer.from('other text') })) });
  const [card] = await Array.fromAsync((await seeded.home.task(`${run.pathspec}/train/${id}`)).cards());
  await expect(card?.html()).rejects.toMatchObject({ code: 'ARTIFACT' });
});
