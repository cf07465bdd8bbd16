/** A run has at most this many tags of its user's. The limits are Metaflow's. */
export declare const MAX_TAGS = 50;
/** Characters in a tag, at most. */
export declare const MAX_TAG_LENGTH = 500;
/** @throws {InvalidOptionError} when a tag is empty or too long, or there are too many */
export declare function checkTags(tags: readonly string[]): void;
