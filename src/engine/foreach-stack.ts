import type { ForeachFrame } from '../flow/current.ts';
import { decodeText } from '../store/encoding.ts';
import type { FrameRecord } from '../store/run-store.ts';

/** Those of the splits around a task that are a foreach, as the task sees them. */
export function foreachStack(frames: readonly FrameRecord[]): readonly ForeachFrame[] {
  return frames.flatMap(({ slot, count, item }) =>
    item === undefined ? [] : [{ index: slot, count, value: decodeText(item) }],
  );
}
