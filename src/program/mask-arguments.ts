import type { DeclaredParameters } from '../flow/declared-parameters.ts';

/**
 * A command line without the values of secret parameters.
 *
 * @example
 * maskArguments(['run', '--token=abc', '--token', 'abc'], parameters); // ['run', '--token=***', '--token', '***']
 */
export function maskArguments(argv: readonly string[], parameters: DeclaredParameters): readonly string[] {
  const flags = [...parameters].filter(([, { secret }]) => secret).map(([name]) => `--${name}`);
  return argv.map((argument, index) => {
    if (flags.includes(argv[index - 1] ?? '')) return '***';
    const flag = flags.find((one) => argument.startsWith(`${one}=`));
    return flag === undefined ? argument : `${flag}=***`;
  });
}
