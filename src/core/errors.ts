/** Every `code` an error of raceway can carry. */
export type ErrorCode =
  | 'ARTIFACT'
  | 'CLEANED_UP'
  | 'FLOW_DEFINITION'
  | 'FLOW_FILE'
  | 'FLOW_START'
  | 'FOREIGN_RUN'
  | 'HOME'
  | 'INVALID_OPTION'
  | 'NO_OUTPUT'
  | 'NOT_FOUND'
  | 'OTHER_MACHINE'
  | 'OUTPUT_TOO_LARGE'
  | 'PATHSPEC'
  | 'RESUME'
  | 'RUNNING'
  | 'RUN_FAILED'
  | 'SPIN'
  | 'START_TIMEOUT'
  | 'SUPERSEDED'
  | 'UNSEEN';

/**
 * The base of every error raceway throws on purpose, apart from `TypeError` and `RangeError` for a wrong argument.
 *
 * The first line of `message` says what could not be done and why, the second what to do next.
 */
export class RacewayError extends Error {
  /** What went wrong, for programs. */
  readonly code: ErrorCode;

  static {
    this.prototype.name = 'RacewayError';
  }

  /** @param advice what to do next; becomes the second line of the message */
  constructor(code: ErrorCode, message: string, advice?: string, options?: ErrorOptions) {
    super(advice === undefined ? message : `${message}\n${advice}`, options);
    this.code = code;
  }
}

/** The flow file is missing, holds no flow, or throws while it is loaded. */
export class FlowFileError extends RacewayError {
  declare readonly code: 'FLOW_FILE';
  /** The path as it was given. */
  readonly flowFile: string;

  static {
    this.prototype.name = 'FlowFileError';
  }

  constructor(flowFile: string, message: string, advice?: string, options?: ErrorOptions) {
    super('FLOW_FILE', message, advice, options);
    this.flowFile = flowFile;
  }
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
export class InvalidOptionError extends RacewayError implements InvalidOptionFacts {
  declare readonly code: 'INVALID_OPTION';
  readonly option: string;
  readonly expected: string | undefined;
  readonly received: string | undefined;

  static {
    this.prototype.name = 'InvalidOptionError';
  }

  constructor(facts: InvalidOptionFacts, message: string, advice?: string, options?: ErrorOptions) {
    super('INVALID_OPTION', message, advice, options);
    this.option = facts.option;
    this.expected = facts.expected;
    this.received = facts.received;
  }
}

/** No such flow, run, step, task or artifact. */
export class NotFoundError extends RacewayError {
  declare readonly code: 'NOT_FOUND';
  /** What was looked for. */
  readonly pathspec: string;

  static {
    this.prototype.name = 'NotFoundError';
  }

  constructor(pathspec: string, message: string, advice?: string, options?: ErrorOptions) {
    super('NOT_FOUND', message, advice, options);
    this.pathspec = pathspec;
  }
}

/** An error as JSON, the way a child hands it to the process that started it. */
export type WireError = { readonly code: ErrorCode; readonly message: string } & Readonly<Record<string, unknown>>;

/** Turns an error into JSON that `errorFromWire` takes back. */
export function errorToWire(error: RacewayError): WireError {
  const { code, message } = error;
  if (error instanceof FlowFileError) return { code, message, flowFile: error.flowFile };
  if (error instanceof NotFoundError) return { code, message, pathspec: error.pathspec };
  if (error instanceof InvalidOptionError) {
    return { code, message, option: error.option, expected: error.expected, received: error.received };
  }
  return { code, message };
}

/** The error that `errorToWire` described, of the same class and with the same facts; `undefined` when it is no such description. */
export function errorFromWire(wire: unknown): RacewayError | undefined {
  if (typeof wire !== 'object' || wire === null) return undefined;
  const { code, message, flowFile, pathspec, option, expected, received } = wire as Record<string, unknown>;
  if (typeof code !== 'string' || typeof message !== 'string') return undefined;
  switch (code) {
    case 'FLOW_FILE':
      return new FlowFileError(text(flowFile) ?? '', message);
    case 'NOT_FOUND':
      return new NotFoundError(text(pathspec) ?? '', message);
    case 'INVALID_OPTION':
      return new InvalidOptionError(
        { option: text(option) ?? '', expected: text(expected), received: text(received) },
        message,
      );
    default:
      return new RacewayError(code as ErrorCode, message);
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
