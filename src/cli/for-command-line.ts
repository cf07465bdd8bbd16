/** What errors advise that a program can do and a command line cannot, and what stands there instead. */
const REPLACEMENTS: readonly (readonly [RegExp, string])[] = [
  [/--home, RACEWAY_HOME or the option home\b/g, '--home or RACEWAY_HOME'],
  [/\(home, RACEWAY_HOME\)/g, '(--home, RACEWAY_HOME)'],
  [/,? or name (?:another|the program) with the option interpreter\./g, '.'],
];

/** An error that speaks to whoever wrote a program as well, for somebody who typed a command. */
export function forCommandLine(message: string): string {
  return REPLACEMENTS.reduce((text, [pattern, instead]) => text.replace(pattern, instead), message);
}
