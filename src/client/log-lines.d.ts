/** A line of a log. */
export interface TaskLogLine {
    /** When its beginning was seen. */
    readonly time: Date;
    /** Without the end of the line; bytes that are no UTF-8 are U+FFFD. */
    readonly text: string;
}
/** How to follow a log. */
export interface LogFollowing {
    /** Whether nothing more will be written. */
    readonly ended: () => Promise<boolean>;
    /** Resolves when a look at the log is due. */
    readonly next: () => Promise<void>;
}
/** The lines of a log file as they are written, until it has ended. The file need not exist yet. */
export declare function logLines(file: string, { ended, next }: LogFollowing): AsyncGenerator<TaskLogLine>;
