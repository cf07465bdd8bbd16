import { hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { checkHome } from '../../src/client/check-home.ts';
import { openHome } from '../../src/client/home.ts';
import { artifactFile } from '../../src/store/home-folder.ts';
import { claimsAreTrue, nothingIsLeft, recordsAreWhole } from '../aftermath.ts';
import type { Fault } from '../fault.ts';
import type { Injection } from '../injection.ts';
import { newRunCompletes, struckRun } from '../storage.ts';
import { untold } from '../tells.ts';

const CAUSE = /cannot read the artifact file|the artifact in .* is damaged: its content/;

/** How a file is damaged. */
interface Damage {
  readonly sha256: string;
  readonly kind: 'removed' | 'cut off' | 'changed';
  /** Where, as a part of the file. */
  readonly at: number;
}

/**
 * The file of an artifact is removed, cut off or changed while the run goes on, and still is when that has ended. Whoever reads
 * an artifact with this content is told; a resume from the step that made it writes it again, and so does a new run.
 */
export const artifactLost: Fault = {
  name: 'artifact-lost',
  title: 'An artifact file removed, cut off or changed during a run',
  times: { full: 40, bounded: 2 },
  async strike(injection) {
    const { random, home } = injection;
    let damage: Damage | undefined;
    const struck = await struckRun(injection, {
      after: () => contentsIn(home).length > 0,
      within: 0.15,
      strike: () => {
        const sha256 = random.pick(contentsIn(home));
        damage = { sha256, kind: random.pick(['removed', 'cut off', 'changed']), at: random.next() };
        strike(home, damage);
      },
    });
    await nothingIsLeft(injection);
    if (damage === undefined || isWhole(home, damage.sha256)) injection.miss('the run wrote it again');
    const isEffective = damage !== undefined && injection.missed === undefined;
    if (struck.handle?.status !== 'successful')
      injection.check('errors name their cause, and what to do', untold(struck.told, CAUSE));
    if (damage !== undefined && isEffective) {
      injection.count(`${damage.kind}, and it was still so when the run had ended`);
      await damageIsRefused(injection, { pathspec: struck.handle?.pathspec ?? '', damage });
    }
    if (struck.handle?.status === 'failed') await resumeMends(injection, { told: struck.told, damage });
    if (damage !== undefined && isEffective && isWhole(home, damage.sha256)) {
      strike(home, damage); // the resume has mended it, and a new run is to do so too
    }
    await newRunCompletes(injection, 'a new run completes');
    if (damage !== undefined && isEffective)
      injection.check('a new run mends what was damaged', !isWhole(home, damage.sha256) && damage.sha256);
    // All runs have the same contents: those that were refused can be read again.
    await recordsAreWhole(injection);
    await claimsAreTrue(injection);
  },
};

/** The hashes of the contents that are files. */
function contentsIn(home: string): readonly string[] {
  const folder = join(home, 'artifacts');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /^[0-9a-f]{2}\/[0-9a-f]{62}$/.test(path))
    .map((path) => `${dirname(path)}${basename(path)}`);
}

function strike(home: string, { sha256, kind, at }: Damage): void {
  const file = artifactFile(home, sha256);
  const place = Math.floor(at * statSync(file).size);
  if (kind === 'removed') rmSync(file);
  else if (kind === 'cut off') truncateSync(file, place);
  else {
    const bytes = readFileSync(file);
    bytes[place] = (bytes[place] ?? 0) ^ 1;
    writeFileSync(file, bytes);
  }
}

function isWhole(home: string, sha256: string): boolean {
  const file = artifactFile(home, sha256);
  return existsSync(file) && hash('sha256', readFileSync(file)) === sha256;
}

/** Of all artifacts of the run, those that have this content are refused, and no others; `doctor --deep` names it. */
async function damageIsRefused(
  injection: Injection,
  { pathspec, damage: { sha256 } }: { pathspec: string; damage: Damage },
): Promise<void> {
  await using home = await openHome(injection.home);
  let refused = 0;
  for await (const task of (await home.run(pathspec)).tasks()) {
    for await (const artifact of task.artifacts()) {
      const error = await artifact.value().then(
        () => undefined,
        (cause: unknown) => (cause instanceof Error ? cause.message : String(cause)),
      );
      if (artifact.sha256 === sha256) {
        refused += 1;
        const found = error === undefined ? `${artifact.pathspec} was given out` : untold(error, CAUSE);
        injection.check('an artifact with the damaged content is refused', found);
      } else injection.check('all other artifacts can be read', error);
    }
  }
  if (refused === 0) injection.miss('no task had come to have it');
  else injection.count('artifacts that were refused, since their content was damaged', refused);
  const found = await Array.fromAsync(checkHome(injection.home, { deep: true }));
  const isNamed = found.some(({ kind, what }) => kind === 'artifacts' && what.includes(sha256.slice(0, 12)));
  injection.check('doctor names the damaged content', refused > 0 && !isNamed && sha256);
}

/** Does what the message says. */
async function resumeMends(
  injection: Injection,
  { told, damage }: { told: string; damage: Damage | undefined },
): Promise<void> {
  const [, step, origin] = /resume (\w+) (--origin-run-id=\d+)/.exec(told) ?? [];
  if (!injection.check('the step to resume from is told', step === undefined && told)) return;
  const { exitCode, stderr } = await injection.startFlow(['resume', step ?? '', origin ?? '']).ended;
  injection.check('a resume from the step that made it completes', exitCode !== 0 && stderr.slice(-3000));
  const isMended = damage === undefined || isWhole(injection.home, damage.sha256);
  injection.check(
    'a resume from the step that made it mends what was damaged',
    !isMended && `${step}: ${damage.sha256}`,
  );
  await nothingIsLeft(injection);
}
