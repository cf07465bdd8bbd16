import { renameSync, writeFileSync } from 'node:fs';
import { type Attributes, formatAttributes } from '../core/attributes.ts';
import { errorToWire, type RacewayError } from '../core/errors.ts';
import { INTERNAL_FLAGS } from '../core/flags.ts';

/** Tells whoever started this process which run it is; the file appears finished. */
export function announceRun(file: string | undefined, attributes: Attributes): void {
  if (file !== undefined) writeWhole(file, formatAttributes(attributes));
}

/** Tells whoever started this process why there is no run. The arguments themselves may be what is wrong, so they are not parsed. */
export function announceFailure(argv: readonly string[], error: RacewayError): void {
  const prefix = `--${INTERNAL_FLAGS.runnerAttributeFile.flag}=`;
  const file = argv.find((argument) => argument.startsWith(prefix))?.slice(prefix.length);
  if (file === undefined || wasAnnounced) return;
  writeWhole(file, formatAttributes({ error: errorToWire(error) }));
}

let wasAnnounced = false;

function writeWhole(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  wasAnnounced = true;
}
