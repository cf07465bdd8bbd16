import type { RunStore } from '../store/run-store.ts';
/**
 * The right to use the store of a home until it is given back. All leases of one home in a process share a connection,
 * which makes the second one cheap; the last one closes it.
 */
export declare class StoreLease {
    #private;
    /** The folder of the home. */
    readonly home: string;
    /** @throws {RacewayError} `HOME` when there is no home or it cannot be read */
    constructor(home: string);
    /** @throws {RacewayError} `HOME` when the lease was given back */
    get store(): RunStore;
    /** Gives the store back; a second call does nothing. */
    close(): Promise<void>;
}
