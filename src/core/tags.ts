import { InvalidOptionError } from './errors.ts';

/** A run has at most this many tags of its user's. The limits are Metaflow's. */
const MAX_TAGS = 50;

/** Characters in a tag, at most. */
const MAX_TAG_LENGTH = 500;

/** @throws {InvalidOptionError} when a tag is empty or too long, or there are too many */
export function checkTags(tags: readonly string[]): void {
  const expected = `at most ${MAX_TAGS} tags of 1 to ${MAX_TAG_LENGTH} characters`;
  for (const tag of tags) {
    if (tag.trim() !== '' && tag.length <= MAX_TAG_LENGTH) continue;
    throw new InvalidOptionError(
      { option: 'tag', expected, received: tag },
      tag.trim() === '' ? 'a tag cannot be empty' : `a tag cannot have ${tag.length} characters`,
      `A tag has 1 to ${MAX_TAG_LENGTH} characters.`,
    );
  }
  const unprintable = tags.find((tag) => /\p{Cc}/u.test(tag));
  if (unprintable !== undefined) {
    throw new InvalidOptionError(
      { option: 'tag', expected, received: JSON.stringify(unprintable) },
      `a tag cannot have control characters: ${JSON.stringify(unprintable)}`,
      'Write it in one line of printable characters.',
    );
  }
  if (new Set(tags).size > MAX_TAGS) {
    throw new InvalidOptionError(
      { option: 'tag', expected, received: `${tags.length} tags` },
      `a run cannot have ${new Set(tags).size} tags`,
      `Leave out some: ${MAX_TAGS} are the most.`,
    );
  }
}
