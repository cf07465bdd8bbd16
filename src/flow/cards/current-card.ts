import type { CardComponent } from './component.ts';

/** What a step puts into one of its cards. */
export interface CardContent {
  /**
   * Adds components below those that are there.
   *
   * @throws {TypeError} when something is given that is no component
   */
  append(...components: readonly CardComponent[]): void;
  /** Removes what was appended so far. */
  clear(): void;
}

/**
 * The card of the task that is running. With several cards, it is the one with the id `default`, and `get` gives each.
 *
 * @example
 * current.card.append(markdown('# Training'), lineChart({ title: 'Loss', y: losses }));
 */
export interface CurrentCard extends CardContent {
  /** The card with this id. @throws {RacewayError} `FLOW_DEFINITION` when the step has none */
  get(id: string): CardContent;
}
