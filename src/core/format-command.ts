/** A command as it can be pasted into a POSIX shell. */
export function formatCommand(command: readonly string[]): string {
  return command.map(quote).join(' ');
}

function quote(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}
