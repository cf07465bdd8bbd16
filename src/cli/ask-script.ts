import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Run } from '../client/run.ts';
import { InvalidOptionError } from '../core/errors.ts';
import { flowFileOf } from './again-commands.ts';
import { type DescribedFlow, describeFlow } from './describe-flow.ts';
import { distrust } from './distrust.ts';

/**
 * Asks the flow script of a run what it is now, unless it might not be what this user wants to execute (`distrust`).
 *
 * @param home the folder of the home
 * @param givenFile the script that the user named, as `givenFlowFile` took it; nothing is said against that
 * @returns why it is not known, when it is not
 * @throws {InvalidOptionError} when the user named a script of another flow
 */
export async function askScript(
  run: Run,
  { home, givenFile }: { readonly home: string; readonly givenFile?: string | undefined },
): Promise<DescribedFlow | { readonly why: string }> {
  const flowFile = givenFile ?? flowFileOf(run);
  if (flowFile === undefined) return { why: 'the command of the run names no flow script' };
  const against = givenFile === undefined ? distrust(flowFile, { flow: run.flowName, home }) : undefined;
  if (against !== undefined) return { why: against };
  const described = await describeFlow(flowFile);
  if ('why' in described || described.flow === run.flowName) return described;
  if (givenFile === undefined) return { why: `${flowFile} holds ${described.flow} now` };
  throw new InvalidOptionError(
    { option: 'file', expected: `the flow script of ${run.flowName}`, received: givenFile },
    `${givenFile} holds ${described.flow}, not ${run.flowName}`,
    `Give the flow script of ${run.flowName}, or leave --file out.`,
  );
}

/** The file that stands behind `--file`, absolute. @throws {InvalidOptionError} when it is not there, or no file */
export function givenFlowFile(file: unknown): string | undefined {
  if (typeof file !== 'string') return undefined;
  const path = resolve(file);
  const there = statSync(path, { throwIfNoEntry: false });
  if (there?.isFile() === true) return path;
  throw new InvalidOptionError(
    { option: 'file', expected: 'a flow script', received: file },
    there === undefined ? `there is no file ${file}` : `${file} is no file`,
    'Give the flow script of the run, or leave --file out.',
  );
}
