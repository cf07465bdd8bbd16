/**
 * A command as it can be pasted into a POSIX shell, and shown: each argument is one word to the shell, and has no character
 * that a terminal obeys.
 */
export function formatCommand(command: readonly string[]): string {
  return command.map((argument, index) => (isPlain(argument, index) ? argument : quote(argument))).join(' ');
}

/** In front, `A=b` would set a variable, and `if` is a word of the shell's own. */
function isPlain(argument: string, index: number): boolean {
  if (index === 0 && (argument.includes('=') || RESERVED.test(argument))) return false;
  return /^[\w@%+=:,./-]+$/.test(argument);
}

const RESERVED = /^(?:case|coproc|do|done|elif|else|esac|fi|for|function|if|in|select|then|time|until|while)$/;

const HARMFUL = /((?:(?!\n)[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb])+)/u;

function quote(argument: string): string {
  const [first = '', ...rest] = argument.split(HARMFUL);
  const parts = rest.map((part, index) => (index % 2 === 0 ? madeByShell(part) : inQuotes(part)));
  return `${inQuotes(first)}${parts.join('')}` || "''";
}

function inQuotes(text: string): string {
  return text === '' ? '' : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** What a terminal would obey is made by the shell that reads the command. */
function madeByShell(text: string): string {
  const bytes = [...Buffer.from(text)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`);
  return `"$(printf '${bytes.join('')}')"`;
}
