import { builtInDecorator } from '../decorator.ts';

/** Options of `environment()`. */
export interface EnvironmentOptions {
  /** Values by the name of the variable; numbers and booleans are written as text. */
  readonly vars: Readonly<Record<string, string | number | boolean>>;
}

/**
 * Sets environment variables for the tasks of a step, and for what they start. They are set when a task begins, after the
 * flow's module was loaded, and are as they were when it has ended.
 *
 * @throws {TypeError} when a name or a value cannot be a variable's
 *
 * @example
 * train = step([environment({ vars: { OMP_NUM_THREADS: 1 } })], async () => { … });
 */
export const environment = builtInDecorator<EnvironmentOptions>('environment', {
  options: (given) => {
    const { vars, ...others } = given;
    if (typeof vars !== 'object' || vars === null || Array.isArray(vars) || Object.keys(others).length > 0) {
      throw new TypeError(
        "environment() takes its variables as an object, vars\nWrite it as environment({ vars: { NAME: 'value' } }).",
      );
    }
    for (const [name, value] of Object.entries(vars)) checkVariable(name, value);
    return { vars: vars as EnvironmentOptions['vars'] };
  },
  policy: ({ vars }) => ({
    environment: Object.fromEntries(Object.entries(vars).map(([name, value]) => [name, String(value)])),
  }),
});

function checkVariable(name: string, value: unknown): void {
  const isName = name !== '' && !/[=\0]/.test(name);
  const isValue = ['string', 'number', 'boolean'].includes(typeof value) && !String(value).includes('\0');
  if (isName && isValue) return;
  throw new TypeError(
    `environment() was given ${JSON.stringify(name)}, which cannot be ${isName ? 'set to that value' : 'the name of a variable'}\n` +
      "Use names without '=', and strings, numbers or booleans for values.",
  );
}
