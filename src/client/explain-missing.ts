import { NotFoundError } from '../core/errors.ts';
import { formatPathspec, type Pathspec } from '../core/pathspec.ts';
import type { StoreLease } from './store-lease.ts';
import { suggestion } from './suggestion.ts';

/** The error for something that was not found: it names the part of the pathspec that is wrong, and what there is instead. */
export async function explainMissing(
  { home, store }: Pick<StoreLease, 'home' | 'store'>,
  pathspec: Pathspec,
): Promise<NotFoundError> {
  const { flow, run, step = '', task } = pathspec;
  const missing = (message: string, advice: string) => new NotFoundError(formatPathspec(pathspec), message, advice);

  const flows = (await store.flows()).map(({ name }) => name);
  if (run === undefined || !flows.includes(flow)) {
    const none = 'No flow has run there yet; is it the right home? (home, RACEWAY_HOME)';
    return missing(`there is no flow ${flow} in the home ${home}`, suggestion(flow, flows, none));
  }

  const runPathspec = formatPathspec({ flow, run });
  if ((await store.run(flow, run)) === undefined) {
    const [latest] = await store.runs(flow, { limit: 1 });
    const advice = latest === undefined ? `${flow} has no runs.` : `The latest run of ${flow} is ${flow}/${latest.id}.`;
    return missing(`there is no run ${runPathspec} in the home ${home}`, advice);
  }

  const steps = (await store.steps(flow, run)).map(({ name }) => name);
  if (task === undefined || !steps.includes(step)) {
    const none = 'None of its steps has started.';
    return missing(`${runPathspec} has no step ${step}`, suggestion(step, steps, none));
  }

  const stepPathspec = formatPathspec({ flow, run, step });
  const elsewhere = await store.task(flow, run, task);
  if (elsewhere !== undefined && elsewhere.step !== step) {
    const right = formatPathspec({ flow, run, step: elsewhere.step, task });
    return missing(`${stepPathspec} has no task ${task}`, `That task is ${right}.`);
  }
  const [first] = await store.tasks(flow, run, step);
  const advice =
    first === undefined ? 'None of its tasks has started.' : `Its first task is ${stepPathspec}/${first.id}.`;
  return missing(`${stepPathspec} has no task ${task}`, advice);
}
