/** What raceway says to do next. */
const NEXT =
  /raceway doctor|--home|RACEWAY_HOME|[Rr]esume|run the flow anew|[Rr]un a flow|[Bb]ring|Make room|See that|Run the command yourself|--origin-run-id/;

/** What a home says of a database or a content that was damaged, or is gone. */
export const DAMAGE =
  /cannot (?:open|use|look at|mend|write to) the database |cannot read (?:the database|a value in the database|the home) |the artifact in .* is damaged: |cannot read (?:the artifact|an artifact)|there is no home at |cannot use the home /;

/** The stack of an error that nobody caught. What a step throws has one too, but that is of the flow's own file. */
const STACK = /^\s+at .*(?:node:|\/src\/|\/dist\/|\/chaos\/programs\/).*$|Internal error|Unhandled/m;

/**
 * Looks for an error in raceway's own words, with what to do next in the line after it, and nothing that was thrown past it.
 * Returns what is wanting.
 */
export function untold(text: string, words: RegExp): string | undefined {
  const lines = text.split('\n');
  const stack = STACK.exec(text)?.[0];
  if (stack !== undefined) return `there is a stack, ${stack.trim()}, in: ${text.slice(-3000)}`;
  const named = lines.flatMap((line, index) => (words.test(line) ? [index] : []));
  if (named.length === 0) return `no ${words} in: ${text.slice(-3000)}`;
  const isAdvised = named.some((index) => NEXT.test(lines[index + 1] ?? ''));
  return isAdvised ? undefined : `it does not say what to do next: ${text.slice(-3000)}`;
}
