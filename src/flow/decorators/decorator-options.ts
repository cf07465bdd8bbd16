/** What an option of a decorator may be. */
type OptionRule =
  | { readonly kind: 'integer' | 'number'; readonly default?: number; readonly minimum: number; readonly above?: true }
  | { readonly kind: 'boolean'; readonly default?: boolean }
  | { readonly kind: 'string'; readonly default?: string }
  | { readonly kind: 'choice'; readonly default?: string; readonly choices: readonly string[] };

/**
 * The options of a decorator, checked, with defaults filled in.
 *
 * @throws {TypeError} when one does not exist, is of the wrong type, or is missing and has no default
 */
export function decoratorOptions<T>(
  decorator: string,
  given: Readonly<Record<string, unknown>>,
  rules: { readonly [K in keyof T]-?: OptionRule & { readonly optional?: true } },
): T {
  const table = rules as Readonly<Record<string, OptionRule & { readonly optional?: true }>>;
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(table, name)) continue;
    throw new TypeError(
      `${decorator}() has no option ${JSON.stringify(name)}\n` +
        (Object.keys(table).length === 0 ? 'It takes none.' : `Its options are ${Object.keys(table).join(', ')}.`),
    );
  }
  const values = Object.entries(table).map(([name, rule]) => {
    const value = given[name] ?? rule.default;
    if (value === undefined && rule.optional === true) return [name, undefined] as const;
    if (accepts(rule, value)) return [name, value] as const;
    const received = value === undefined ? 'was not given' : `was given ${JSON.stringify(value) ?? typeof value}`;
    throw new TypeError(
      `${decorator}() takes ${describe(rule)} for ${name} and ${received}\nWrite it as ${decorator}({ ${name}: ${example(rule)} }).`,
    );
  });
  return Object.fromEntries(values) as T;
}

function accepts(rule: OptionRule, value: unknown): boolean {
  switch (rule.kind) {
    case 'integer':
    case 'number':
      if (rule.kind === 'integer' ? !Number.isSafeInteger(value) : !Number.isFinite(value)) return false;
      return rule.above === true ? (value as number) > rule.minimum : (value as number) >= rule.minimum;
    case 'choice':
      return rule.choices.some((choice) => choice === value);
    case 'boolean':
    case 'string':
      return typeof value === rule.kind;
  }
}

function describe(rule: OptionRule): string {
  switch (rule.kind) {
    case 'integer':
    case 'number': {
      const what = rule.kind === 'integer' ? 'a whole number' : 'a number';
      return rule.above === true ? `${what} above ${rule.minimum}` : `${what} of ${rule.minimum} or more`;
    }
    case 'choice':
      return `one of ${rule.choices.map((choice) => `'${choice}'`).join(', ')}`;
    case 'boolean':
      return 'true or false';
    case 'string':
      return 'a string';
  }
}

function example(rule: OptionRule): string {
  switch (rule.kind) {
    case 'integer':
    case 'number':
      return String(rule.default ?? rule.minimum + 1);
    case 'choice':
      return `'${rule.choices[0]}'`;
    case 'boolean':
      return 'true';
    case 'string':
      return "'…'";
  }
}
