import { InvalidOptionError } from '../core/errors.ts';
import { type Flag, RESUME_FLAGS, RUN_FLAGS, SPIN_FLAGS, TOP_LEVEL_FLAGS } from '../core/flags.ts';

/** Something that a child is to be given: an argument, or an entry of its environment. */
interface Entry {
  /** What it is called in a message. */
  readonly what: string;
  readonly option: string;
  readonly sizeBytes: number;
}

// Linux takes 128 kB for one of them, with the zero byte that ends it, whatever the limit of their sum.
const LONGEST_ENTRY_BYTES = 128 * 1024 - 1;

/** What is thrown when the system refuses to start a child (`E2BIG`): says what is too long. */
export function tooLongError(
  flowFile: string,
  { command, env }: { readonly command: readonly string[]; readonly env: Readonly<Record<string, string>> },
  cause: unknown,
): InvalidOptionError {
  const entries = [...command.map(argument), ...Object.entries(env).map(variable)];
  const longest = entries.reduce((one, other) => (other.sizeBytes > one.sizeBytes ? other : one));
  const { what, option, sizeBytes } = longest;
  if (sizeBytes > LONGEST_ENTRY_BYTES) {
    return new InvalidOptionError(
      { option, expected: `at most ${LONGEST_ENTRY_BYTES} bytes`, received: `${sizeBytes} bytes` },
      `could not start ${flowFile}: ${what} is too long for the system, with ${sizeBytes} bytes`,
      `Keep it below ${LONGEST_ENTRY_BYTES} bytes, or write it to a file and give the flow the path of that file.`,
      { cause },
    );
  }
  const sumBytes = entries.reduce((sum, entry) => sum + entry.sizeBytes + 1, 0);
  return new InvalidOptionError(
    { option, expected: 'a shorter command line and environment', received: `${sumBytes} bytes` },
    `could not start ${flowFile}: its command line and environment are too long for the system, with ${sumBytes} bytes`,
    `Give fewer or shorter options, or a smaller environment; the longest is ${what}, with ${sizeBytes} bytes.`,
    { cause },
  );
}

function argument(text: string): Entry {
  const sizeBytes = Buffer.byteLength(text);
  const flag = /^--([^=]+)=/.exec(text)?.[1];
  if (flag === undefined) return { what: `an argument of the command line`, option: 'interpreter', sizeBytes };
  const flags = Object.entries<Flag>({ ...TOP_LEVEL_FLAGS, ...RUN_FLAGS, ...RESUME_FLAGS, ...SPIN_FLAGS });
  const option = flags.find(([, known]) => known.flag === flag)?.[0] ?? flag;
  return { what: `the option ${option}`, option, sizeBytes };
}

function variable([name, value]: readonly [string, string]): Entry {
  const sizeBytes = Buffer.byteLength(`${name}=${value}`);
  return { what: `the environment variable ${name}`, option: `env.${name}`, sizeBytes };
}
