import { checkHome } from '../../client/check-home.ts';
import type { Finding } from '../../client/finding.ts';
import { findHome, homePath } from '../../client/home.ts';
import { RacewayError } from '../../core/errors.ts';
import { VERSION } from '../../core/version.ts';
import { canAsk, confirm } from '../confirm.ts';
import type { CliContext } from '../context.ts';
import type { Output } from '../output.ts';
import { racewayCommand } from '../raceway-command.ts';

/** `doctor`: checks a home, and mends what it can. */
export async function doctor(context: CliContext): Promise<number> {
  const { output, options, home } = context;
  const { fix = false, deep = false } = options as { fix?: boolean; deep?: boolean };
  const lack = findHome({ home }) === undefined ? ', which has no database' : '';
  const place = `home ${homePath({ home })}${lack}`;
  output.line({ style: 'dim', text: `raceway ${VERSION}, Node ${process.versions.node}, ${place}` });
  let errors = 0;
  let notes = 0;
  let mendable = 0;
  for await (const finding of checkHome({ home }, { deep })) {
    const { severity, mend } = finding;
    const { problem, mended } = await treat(finding, { output, fix });
    output.json({ ...shown(finding), mended: mended ?? null, problem: problem ?? null });
    if (mended !== undefined) continue;
    if (severity === 'error') errors += 1;
    else notes += 1;
    if (mend !== undefined) mendable += 1;
  }
  const left = [
    ...(errors > 0 ? [errors === 1 ? '1 error' : `${errors} errors`] : []),
    ...(notes > 0 ? [notes === 1 ? '1 note' : `${notes} notes`] : []),
  ];
  output.line(left.length === 0 ? 'The home is sound.' : `Left: ${left.join(' and ')}.`);
  if (mendable > 0 && !fix) {
    const command = racewayCommand(context, 'doctor', '--fix');
    output.line(command, ' mends what can be mended without losing anything more.');
  }
  if (!deep) output.line({ style: 'dim', text: 'Contents were only looked for; --deep reads every one.' });
  return errors > 0 ? 1 : 0;
}

/** Tells of it, and mends it when that is wanted. */
async function treat(
  { severity, what, remedy, mend }: Finding,
  { output, fix }: { output: Output; fix: boolean },
): Promise<{ readonly mended?: string; readonly problem?: string }> {
  output.line({ style: severity === 'error' ? 'red' : 'yellow', text: severity }, ' ', what);
  output.line('  to mend it: ', remedy);
  if (mend === undefined) return {};
  const isWanted = fix || (canAsk() && !output.isJson && (await confirm(output, '  Do that now?')));
  if (!isWanted) return {};
  try {
    const mended = await mend();
    output.block(mended, '  ');
    return { mended };
  } catch (error) {
    if (!(error instanceof RacewayError)) throw error;
    output.error(error.message, error.code); // the next thing may be mended all the same
    return { problem: error.message };
  }
}

function shown({ kind, severity, what, remedy, mend }: Finding): object {
  return { kind, severity, what, remedy, isMendable: mend !== undefined };
}
