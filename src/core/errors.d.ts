/** Every `code` an error of raceway can carry. */
export type ErrorCode = 'ARTIFACT' | 'CLEANED_UP' | 'FLOW_DEFINITION' | 'FLOW_FILE' | 'FLOW_START' | 'FOREIGN_RUN' | 'HOME' | 'INVALID_OPTION' | 'NOT_FOUND' | 'OUTPUT_TOO_LARGE' | 'PATHSPEC' | 'RESUME' | 'RUN_FAILED' | 'START_TIMEOUT' | 'SUPERSEDED';
/**
 * The base of every error raceway throws on purpose, apart from `TypeError` and `RangeError` for a wrong argument.
 *
 * The first line of `message` says what could not be done and why, the second what to do next.
 */
export declare class RacewayError extends Error {
    /** What went wrong, for programs. */
    readonly code: ErrorCode;
    /** @param advice what to do next; becomes the second line of the message */
    constructor(code: ErrorCode, message: string, advice?: string, options?: ErrorOptions);
}
/** The flow file is missing, holds no flow, or throws while it is loaded. */
export declare class FlowFileError extends RacewayError {
    readonly code: 'FLOW_FILE';
    /** The path as it was given. */
    readonly flowFile: string;
    constructor(flowFile: string, message: string, advice?: string, options?: ErrorOptions);
}
/** What an `InvalidOptionError` knows of the option. */
export interface InvalidOptionFacts {
    /** The option or parameter, as the user named it. */
    readonly option: string;
    /** What would have been right: a type, or the names that exist. */
    readonly expected?: string | undefined;
    /** What was given instead; nothing when it is missing. */
    readonly received?: string | undefined;
}
/** An option or parameter that does not exist, is missing, or has the wrong type. */
export declare class InvalidOptionError extends RacewayError implements InvalidOptionFacts {
    readonly code: 'INVALID_OPTION';
    readonly option: string;
    readonly expected: string | undefined;
    readonly received: string | undefined;
    constructor(facts: InvalidOptionFacts, message: string, advice?: string, options?: ErrorOptions);
}
/** No such flow, run, step, task or artifact. */
export declare class NotFoundError extends RacewayError {
    readonly code: 'NOT_FOUND';
    /** What was looked for. */
    readonly pathspec: string;
    constructor(pathspec: string, message: string, advice?: string, options?: ErrorOptions);
}
/** An error as JSON, the way a child hands it to the process that started it. */
export type WireError = {
    readonly code: ErrorCode;
    readonly message: string;
} & Readonly<Record<string, unknown>>;
/** Turns an error into JSON that `errorFromWire` takes back. */
export declare function errorToWire(error: RacewayError): WireError;
/** The error that `errorToWire` described, of the same class and with the same facts; `undefined` when it is no such description. */
export declare function errorFromWire(wire: unknown): RacewayError | undefined;
