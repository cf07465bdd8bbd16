import { type Attributes } from '../core/attributes.ts';
import { type RacewayError } from '../core/errors.ts';
/** Tells whoever started this process which run it is; the file appears finished. */
export declare function announceRun(file: string | undefined, attributes: Attributes): void;
/** Tells whoever started this process why there is no run. The arguments themselves may be what is wrong, so they are not parsed. */
export declare function announceFailure(argv: readonly string[], error: RacewayError): void;
