import { renameSync, writeFileSync } from 'node:fs';
import { formatAttributes } from '../core/attributes.js';
import { errorToWire } from '../core/errors.js';
import { INTERNAL_FLAGS } from '../core/flags.js';
/** Tells whoever started this process which run it is; the file appears finished. */
export function announceRun(file, attributes) {
  if (file !== undefined) writeWhole(file, formatAttributes(attributes));
}
/** Tells whoever started this process why there is no run. The arguments themselves may be what is wrong, so they are not parsed. */
export function announceFailure(argv, error) {
  const prefix = `--${INTERNAL_FLAGS.runnerAttributeFile.flag}=`;
  const file = argv.find((argument) => argument.startsWith(prefix))?.slice(prefix.length);
  if (file === undefined || wasAnnounced) return;
  writeWhole(file, formatAttributes({ error: errorToWire(error) }));
}
let wasAnnounced = false;
function writeWhole(file, text) {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  wasAnnounced = true;
}
