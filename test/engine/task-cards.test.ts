import { expect, test } from 'vitest';
import { TaskCards } from '../../src/engine/task-cards.ts';
import type { CardComponent } from '../../src/flow/cards/component.ts';
import { markdown } from '../../src/flow/cards/markdown.ts';

const [A, B] = [markdown('a'), markdown('b')];

function cards(...ids: readonly string[]): TaskCards {
  return new TaskCards({ step: 'train', cards: ids.map((id) => ({ id, type: 'default' })) });
}

test('a step appends to the only card it has, whatever its id', () => {
  const only = cards('report');
  only.append(A, B);
  only.append(A);
  expect(only.components('report')).toEqual([A, B, A]);
  only.clear();
  expect(only.components('report')).toEqual([]);
});

test('of several cards, a step appends to the one called default, or to the one it names', () => {
  const several = cards('report', 'default');
  several.append(A);
  several.get('report').append(B);
  expect([several.components('default'), several.components('report')]).toEqual([[A], [B]]);
});

test('of several cards without a default, one must be named', () => {
  expect(() => cards('a', 'b').append(A)).toThrow(
    'there is no card to append to: step train has several cards, none with the id default\n' +
      "Write current.card.get('a') or current.card.get('b').",
  );
});

test('a step without a card is told how to get one', () => {
  expect(() => cards().append(A)).toThrow(
    'there is no card to append to: step train has no card\nAdd card() to it: train = step([card()], …).',
  );
  expect(() => cards().get('x')).toThrow(
    `step train has no card "x"\nAdd card() to it: train = step([card({ id: 'x' })], …).`,
  );
  expect(() => cards('a').get('x')).toThrow(`step train has no card "x"\nWrite current.card.get('a').`);
});

test('what is no component is refused, and nothing of that call is appended', () => {
  const only = cards('default');
  expect(() => only.append(A, 'text' as unknown as CardComponent)).toThrow(
    "current.card takes components and was given 'text'\nMake one of it: markdown('…')",
  );
  expect(only.components('default')).toEqual([]);
});
