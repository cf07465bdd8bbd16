/**
 * The base of every error raceway throws on purpose, apart from `TypeError` and `RangeError` for a wrong argument.
 *
 * The first line of `message` says what could not be done and why, the second what to do next.
 */
export class RacewayError extends Error {
    /** What went wrong, for programs. */
    code;
    static {
        this.prototype.name = 'RacewayError';
    }
    /** @param advice what to do next; becomes the second line of the message */
    constructor(code, message, advice, options) {
        super(advice === undefined ? message : `${message}\n${advice}`, options);
        this.code = code;
    }
}
/** The flow file is missing, holds no flow, or throws while it is loaded. */
export class FlowFileError extends RacewayError {
    /** The path as it was given. */
    flowFile;
    static {
        this.prototype.name = 'FlowFileError';
    }
    constructor(flowFile, message, advice, options) {
        super('FLOW_FILE', message, advice, options);
        this.flowFile = flowFile;
    }
}
/** An option or parameter that does not exist, is missing, or has the wrong type. */
export class InvalidOptionError extends RacewayError {
    option;
    expected;
    received;
    static {
        this.prototype.name = 'InvalidOptionError';
    }
    constructor(facts, message, advice, options) {
        super('INVALID_OPTION', message, advice, options);
        this.option = facts.option;
        this.expected = facts.expected;
        this.received = facts.received;
    }
}
/** No such flow, run, step, task or artifact. */
export class NotFoundError extends RacewayError {
    /** What was looked for. */
    pathspec;
    static {
        this.prototype.name = 'NotFoundError';
    }
    constructor(pathspec, message, advice, options) {
        super('NOT_FOUND', message, advice, options);
        this.pathspec = pathspec;
    }
}
/** Turns an error into JSON that `errorFromWire` takes back. */
export function errorToWire(error) {
    const { code, message } = error;
    if (error instanceof FlowFileError)
        return { code, message, flowFile: error.flowFile };
    if (error instanceof NotFoundError)
        return { code, message, pathspec: error.pathspec };
    if (error instanceof InvalidOptionError) {
        return { code, message, option: error.option, expected: error.expected, received: error.received };
    }
    return { code, message };
}
/** The error that `errorToWire` described, of the same class and with the same facts; `undefined` when it is no such description. */
export function errorFromWire(wire) {
    if (typeof wire !== 'object' || wire === null)
        return undefined;
    const { code, message, flowFile, pathspec, option, expected, received } = wire;
    if (typeof code !== 'string' || typeof message !== 'string')
        return undefined;
    switch (code) {
        case 'FLOW_FILE':
            return new FlowFileError(text(flowFile) ?? '', message);
        case 'NOT_FOUND':
            return new NotFoundError(text(pathspec) ?? '', message);
        case 'INVALID_OPTION':
            return new InvalidOptionError({ option: text(option) ?? '', expected: text(expected), received: text(received) }, message);
        default:
            return new RacewayError(code, message);
    }
}
function text(value) {
    return typeof value === 'string' ? value : undefined;
}
