/**
 * The variable of the environment that gives an option or a parameter to a flow script: `learning-rate` of `run` is
 * `RACEWAY_RUN_LEARNING_RATE`.
 *
 * @param parts the command where it is for one only, and the name
 */
export function environmentVariable(...parts: readonly string[]): string {
  return ['RACEWAY', ...parts].join('_').toUpperCase().replaceAll('-', '_');
}
