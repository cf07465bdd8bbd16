/**
 * Remembers how the process looks before a task and says afterwards what the task left behind: a worker that is not as
 * it was found is not used again.
 */
export declare function lookAround(): () => readonly string[];
