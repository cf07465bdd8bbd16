/**
 * Waits until one of some files, or one whose name goes on after theirs, may have changed: `raceway.db` stands for its
 * write-ahead log too. The folders are watched, since the files may not exist yet, and with `node:fs`, since a flow
 * script must not load chokidar. It is watching from the moment it is made.
 */
export declare class FileWatch implements Disposable {
    #private;
    constructor(files: readonly string[]);
    /**
     * Resolves when a look at the files is due. A change since the last call counts.
     *
     * @throws the reason of `signal` when it is aborted
     */
    next(signal: AbortSignal): Promise<void>;
    [Symbol.dispose](): void;
}
