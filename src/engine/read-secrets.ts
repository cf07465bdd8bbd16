import { readFileSync } from 'node:fs';
import { InvalidOptionError } from '../core/errors.ts';
import { SHORTEST_SECRET } from './secret-forms.ts';
import type { SecretSource, StepPolicy } from '../flow/step-policy.ts';

/** The secrets that the steps of a flow ask for. */
export interface StepSecrets {
  /** The environment variables of a step, by its name. */
  readonly variables: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Every value, once. */
  readonly values: readonly string[];
}

/**
 * Reads the secrets of all steps.
 *
 * @throws {InvalidOptionError} when one is missing, or has fewer than four characters
 */
export function readSecrets(policies: ReadonlyMap<string, StepPolicy>): StepSecrets {
  const known = new Map<string, string>();
  const variables = new Map<string, Readonly<Record<string, string>>>();
  for (const [step, { secrets = [] }] of policies) {
    if (secrets.length === 0) continue;
    variables.set(
      step,
      Object.fromEntries(
        secrets.map((source) => {
          const key = `${source.from}:${source.place}`;
          const value = known.get(key) ?? readSecret(source, step);
          known.set(key, value);
          return [source.variable, value];
        }),
      ),
    );
  }
  return { variables, values: [...new Set(known.values())] };
}

function readSecret({ from, place }: SecretSource, step: string): string {
  const value = from === 'environment' ? process.env[place] : readSecretFile(place, step);
  if (value !== undefined && value.length >= SHORTEST_SECRET) return value;
  const source = `${from === 'environment' ? 'env' : 'file'}:${place}`;
  const tooShort = `it has ${value?.length} characters, too few to be told from other text`;
  throw missing(source, { step, why: value === undefined ? 'it is not set' : tooShort });
}

function readSecretFile(file: string, step: string): string {
  try {
    const text = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    if (text.includes('\0')) throw new Error('it is no text');
    return text;
  } catch (cause) {
    throw missing(`file:${file}`, { step, why: cause instanceof Error ? cause.message : String(cause), cause });
  }
}

function missing(
  source: string,
  { step, why, cause }: { step: string; why: string; cause?: unknown },
): InvalidOptionError {
  return new InvalidOptionError(
    { option: source, expected: 'a secret' },
    `cannot read the secret ${source} of step ${step}: ${why}`,
    source.startsWith('env:') ? 'Set the variable before you start the run.' : 'Give a file that holds the secret.',
    { cause },
  );
}
