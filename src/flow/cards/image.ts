import { readFileSync, statSync } from 'node:fs';

/** What an image may be. */
export type ImageType = 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp' | 'image/svg+xml';

/** A picture. */
export interface ImageComponent {
  readonly kind: 'image';
  readonly type: ImageType;
  readonly bytes: Uint8Array;
  readonly alt: string;
}

/** Options of `image()`. */
export interface ImageOptions {
  /** What is to be seen, for those who cannot see it. */
  readonly alt: string;
  /** @default what the bytes begin with */
  readonly type?: ImageType | undefined;
}

/** It is part of the card, which is loaded as a whole. */
const MAX_BYTES = 10_000_000;

const TYPES: readonly ImageType[] = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/svg+xml'];

/**
 * A picture for a card, of which it becomes a part: PNG, JPEG, GIF, WebP or SVG, up to 10 MB.
 *
 * @param source its bytes, or the path of a file, which is read at once
 * @throws {TypeError} when it is no such picture
 * @throws {RangeError} when it is too large
 *
 * @example
 * current.card.append(image('confusion.png', { alt: 'Confusion matrix' }));
 */
export function image(source: Uint8Array | string, { alt, type }: ImageOptions): ImageComponent {
  const what = typeof source === 'string' ? `the image ${source}` : `the image "${alt}"`;
  const sizeBytes = typeof source === 'string' ? statSync(source).size : source.byteLength;
  if (sizeBytes > MAX_BYTES) {
    throw new RangeError(
      `${what} has ${sizeBytes} bytes, and an image in a card may have ${MAX_BYTES}\nMake it smaller, or save it as JPEG.`,
    );
  }
  const bytes = typeof source === 'string' ? readFileSync(source) : Uint8Array.from(source);
  const found = type ?? typeOf(bytes);
  if (found === undefined || !TYPES.includes(found)) {
    throw new TypeError(
      `${what} is ${found === undefined ? 'none that image() knows' : `said to be ${found}`}\n` +
        `Give one of these types: ${TYPES.join(', ')}.`,
    );
  }
  return { kind: 'image', type: found, bytes, alt };
}

function typeOf(bytes: Uint8Array): ImageType | undefined {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 1024)).toString('latin1');
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (start.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (/^GIF8[79]a/.test(start)) return 'image/gif';
  if (/^RIFF[^]{4}WEBP/.test(start)) return 'image/webp';
  if (/^(\xef\xbb\xbf)?\s*(<\?xml|<!--|<!DOCTYPE svg|<svg)/i.test(start) && /<svg[\s>]/i.test(start)) {
    return 'image/svg+xml';
  }
  return undefined;
}
