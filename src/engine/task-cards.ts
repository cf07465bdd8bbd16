import { inspect } from 'node:util';
import { RacewayError } from '../core/errors.ts';
import type { CardComponent } from '../flow/cards/component.ts';
import type { CardContent, CurrentCard } from '../flow/cards/current-card.ts';
import type { CardPolicy } from '../flow/step-policy.ts';

const KINDS: Readonly<Record<CardComponent['kind'], true>> = {
  markdown: true,
  table: true,
  image: true,
  'bar-chart': true,
  'line-chart': true,
  value: true,
};

/** What a task puts into its cards while it runs: `current.card`. */
export class TaskCards implements CurrentCard {
  readonly #step: string;
  readonly #contents: ReadonlyMap<string, Content>;

  constructor({ step, cards }: { step: string; cards: readonly CardPolicy[] }) {
    this.#step = step;
    this.#contents = new Map(cards.map(({ id }) => [id, new Content()]));
  }

  append(...components: readonly CardComponent[]): void {
    this.#main().append(...components);
  }

  clear(): void {
    this.#main().clear();
  }

  get(id: string): CardContent {
    const content = this.#contents.get(id);
    if (content !== undefined) return content;
    throw new RacewayError('FLOW_DEFINITION', `step ${this.#step} has no card ${JSON.stringify(id)}`, this.#advice(id));
  }

  /** What the card with this id holds so far. */
  components(id: string): readonly CardComponent[] {
    return this.#contents.get(id)?.components ?? [];
  }

  #main(): Content {
    const [only] = this.#contents.values();
    const content = this.#contents.get('default') ?? (this.#contents.size === 1 ? only : undefined);
    if (content !== undefined) return content;
    const what = this.#contents.size === 0 ? 'no card' : 'several cards, none with the id default';
    throw new RacewayError(
      'FLOW_DEFINITION',
      `there is no card to append to: step ${this.#step} has ${what}`,
      this.#advice('default'),
    );
  }

  #advice(id: string): string {
    const ids = [...this.#contents.keys()];
    if (ids.length > 0) return `Write ${ids.map((one) => `current.card.get('${one}')`).join(' or ')}.`;
    return `Add card() to it: ${this.#step} = step([card(${id === 'default' ? '' : `{ id: '${id}' }`})], …).`;
  }
}

class Content implements CardContent {
  readonly components: CardComponent[] = [];

  append(...components: readonly CardComponent[]): void {
    for (const component of components as readonly unknown[]) {
      if (isComponent(component)) continue;
      throw new TypeError(
        `current.card takes components and was given ${inspect(component, { depth: 1 }).slice(0, 200)}\n` +
          "Make one of it: markdown('…'), table(…), value(…), image(…), barChart(…) or lineChart(…).",
      );
    }
    this.components.push(...components);
  }

  clear(): void {
    this.components.length = 0;
  }
}

function isComponent(thing: unknown): thing is CardComponent {
  if (typeof thing !== 'object' || thing === null || !('kind' in thing)) return false;
  return typeof thing.kind === 'string' && Object.hasOwn(KINDS, thing.kind);
}
