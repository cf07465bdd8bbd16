import { openHome } from '../../client/home.ts';
import type { Run } from '../../client/run.ts';
import { InvalidOptionError, NotFoundError } from '../../core/errors.ts';
import { harmless } from '../../core/harmless.ts';
import { nearest } from '../../core/nearest.ts';
import type { ProgramContext } from '../program.ts';

const ACTIONS: Readonly<Record<string, (run: Run, tags: readonly string[]) => Promise<void>>> = {
  add: (run, tags) => run.addTags(tags),
  remove: (run, tags) => run.removeTags(tags),
  replace: (run, [old, ...rest]) => run.replaceTags({ remove: old === undefined ? [] : [old], add: rest }),
  list: async () => {},
};

/** `tag`: labels of a run; every action prints the labels that the run has afterwards, one a line. */
export async function tag({ definition, commandLine }: ProgramContext): Promise<number> {
  const [name = '', ...tags] = commandLine.words;
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (action === undefined || (name !== 'list' && tags.length < (name === 'replace' ? 2 : 1))) throw wrongUse(name);
  const { runId } = commandLine.options as { runId?: string };
  await using home = await openHome({ home: commandLine.topLevel.home });
  const flow = home.flow(definition.name);
  const run = runId === undefined ? await flow.latestRun() : await home.run(`${definition.name}/${runId}`);
  if (run === undefined) {
    throw new NotFoundError(definition.name, `there is no run of ${definition.name} to label`, 'Run the flow first.');
  }
  await action(run, tags);
  await run.refresh();
  process.stdout.write([...run.userTags, ...run.systemTags].map((one) => `${harmless(one)}\n`).join(''));
  return 0;
}

function wrongUse(name: string): InvalidOptionError {
  const actions = Object.keys(ACTIONS);
  const expected = 'add <tag...>, remove <tag...>, replace <old> <new...> or list';
  const meant = actions.includes(name) ? undefined : nearest(name, actions);
  return new InvalidOptionError(
    { option: 'tag', expected, received: name },
    actions.includes(name) ? `tag ${name} needs a tag` : `there is no tag ${JSON.stringify(name)}`,
    meant === undefined ? `Write tag ${expected}.` : `Did you mean ${meant}? Write tag ${expected}.`,
  );
}
