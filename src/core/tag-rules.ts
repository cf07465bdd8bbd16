import { InvalidOptionError } from './errors.ts';

const TAGS_MAX = 50;
const TAG_LENGTH_MAX = 500;

/**
 * Checks the user tags that a run is to have: at most 50, each of 1 to 500 characters.
 *
 * @throws {InvalidOptionError} when one is empty or too long, or when there are too many
 */
export function checkTags(tags: readonly string[]): void {
  for (const tag of tags) {
    const { length } = tag;
    if (length >= 1 && length <= TAG_LENGTH_MAX) continue;
    throw new InvalidOptionError(
      { option: 'tags', expected: `1 to ${TAG_LENGTH_MAX} characters`, received: `${length} characters` },
      length === 0 ? 'a tag cannot be empty' : `a tag of ${length} characters is too long: ${tag.slice(0, 40)}…`,
      `Give tags of 1 to ${TAG_LENGTH_MAX} characters.`,
    );
  }
  const count = new Set(tags).size;
  if (count > TAGS_MAX) {
    throw new InvalidOptionError(
      { option: 'tags', expected: `at most ${TAGS_MAX} tags`, received: `${count} tags` },
      `a run cannot have ${count} user tags, only ${TAGS_MAX}`,
      'Remove some first, or keep what you want to say in an artifact.',
    );
  }
}
