import { renameSync, writeFileSync } from 'node:fs';
import { type Attributes, formatAttributes } from '../core/attributes.ts';
import { errorToWire, RacewayError } from '../core/errors.ts';
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
  try {
    writeWhole(file, formatAttributes({ error: errorToWire(error) }));
  } catch {
    // Whoever started this process finds out by its exit status and by what it printed.
  }
}

let wasAnnounced = false;

function writeWhole(file: string, text: string): void {
  try {
    writeFileSync(`${file}.new`, text, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  } catch (cause) {
    throw new RacewayError(
      'FLOW_START',
      `cannot announce the run in ${file}: ${cause instanceof Error ? cause.message : String(cause)}`,
      'See that the folder for temporary files (TMPDIR) of the program that starts the run is there, and has room.',
      { cause },
    );
  }
  wasAnnounced = true;
}
