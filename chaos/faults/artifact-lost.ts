import { existsSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openHome } from '../../src/client/home.ts';
import { claimsAreTrue, nothingIsLeft } from '../aftermath.ts';
import type { Fault } from '../fault.ts';
import { heard } from '../heard.ts';
import type { Injection } from '../injection.ts';
import { struckRun } from '../storage.ts';

const CAUSE = /cannot read the artifact file|is damaged: its content/;

/**
 * The file of an artifact is removed, cut off or changed while the run goes on. Whoever reads it is told; a resume from the
 * step that made it writes it again, and so does a new run.
 */
export const artifactLost: Fault = {
  name: 'artifact-lost',
  title: 'An artifact file removed, cut off or changed during a run',
  times: { full: 60, bounded: 2 },
  async strike(injection) {
    const { random } = injection;
    const struck = await struckRun(injection, {
      after: () => artifactFiles(injection.home).length > 0,
      within: 0.15,
      strike: () => {
        const files = artifactFiles(injection.home);
        if (files.length === 0) injection.miss('there was none');
        else damage(random.pick(files), random.integer(0, 2), random.next());
      },
    });
    if (struck.handle?.status === 'failed') {
      injection.checkNames(struck.told, CAUSE);
      await resumeMends(injection, struck.told);
    } else await resultIsThereOrRefused(injection, struck.handle?.pathspec ?? '');
    await nothingIsLeft(injection);
    await claimsAreTrue(injection);
    const again = heard((await injection.startParent().ended).stdout, 'ended');
    injection.check('a new run mends what was damaged', again?.status !== 'successful' && JSON.stringify(again));
    await resultIsThereOrRefused(injection, again?.pathspec ?? '', { mayBeRefused: false });
  },
};

function artifactFiles(home: string): readonly string[] {
  const folder = join(home, 'artifacts');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => /\/[0-9a-f]{62}$/.test(path));
}

function damage(file: string, kind: number, at: number): void {
  const sizeBytes = statSync(file).size;
  if (kind === 0) rmSync(file);
  else if (kind === 1) truncateSync(file, Math.floor(at * sizeBytes));
  else writeFileSync(file, readFileSync(file).fill('~', Math.floor(at * sizeBytes), Math.floor(at * sizeBytes) + 1));
}

/** Does what the message says. */
async function resumeMends(injection: Injection, told: string): Promise<void> {
  const [, step, origin] = /resume (\w+) (--origin-run-id=\d+)/.exec(told) ?? [];
  if (!injection.check('the step to resume from is told', step === undefined && told)) return;
  const { exitCode, stderr } = await injection.startFlow(['resume', step ?? '', origin ?? '']).ended;
  injection.check('a resume from the step that made it completes', exitCode !== 0 && stderr.slice(-3000));
  await using home = await openHome(injection.home);
  const run = await home.flow('Struck').latestRun();
  await resultIsThereOrRefused(injection, run?.pathspec ?? '', { mayBeRefused: false });
}

async function resultIsThereOrRefused(
  injection: Injection,
  pathspec: string,
  { mayBeRefused = true }: { mayBeRefused?: boolean } = {},
): Promise<void> {
  const what = 'the result is that of an undisturbed run';
  const { artifacts: expected } = await injection.undisturbed();
  await using home = await openHome(injection.home);
  for await (const artifact of (await home.run(pathspec)).artifacts()) {
    const { sha256 } = expected.find(({ name }) => name === artifact.name) ?? {};
    injection.check(what, artifact.sha256 !== sha256 && artifact.name);
    await artifact.value().catch((error: unknown) => {
      injection.check('damage is told', (!mayBeRefused || !CAUSE.test(String(error))) && String(error));
      injection.count('artifacts that were said to be damaged');
    });
  }
}
