import { RacewayError } from '../core/errors.ts';
import { encodeText } from '../store/encoding.ts';

/** The parameters of a run as its tasks get them. @throws {RacewayError} `ARTIFACT` when one cannot be stored */
export function encodeParameters(parameters: Readonly<Record<string, unknown>>): string {
  const encoded = encodeText(parameters);
  if (encoded.kind === 'encoded') return encoded.text;
  throw new RacewayError(
    'ARTIFACT',
    `the parameters cannot be stored: they hold ${encoded.what}`,
    'Let the schema of a parameter give data, such as text, numbers or dates.',
  );
}
