/** When the bytes of a log were seen, from the file beside it. */
export declare class LogTimes {
    #private;
    constructor(log: string);
    /** Takes in what was added since the last call. */
    update(): Promise<void>;
    /** When the byte at `offset` was seen, in milliseconds since the epoch; `undefined` when that was not recorded. */
    at(offset: number): number | undefined;
}
