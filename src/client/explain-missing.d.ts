import { NotFoundError } from '../core/errors.ts';
import { type Pathspec } from '../core/pathspec.ts';
import type { StoreLease } from './store-lease.ts';
/** The error for something that was not found: it names the part of the pathspec that is wrong, and what there is instead. */
export declare function explainMissing({ home, store }: StoreLease, pathspec: Pathspec): Promise<NotFoundError>;
