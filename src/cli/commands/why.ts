import { givenFlowFile } from '../ask-script.ts';
import { type CliContext, contextHome } from '../context.ts';
import { explain } from '../explain.ts';
import { explanationJson } from '../explanation-json.ts';
import { latestFailed } from '../latest-failed.ts';
import { findPlace, runOf } from '../place.ts';
import { printExplanation } from '../print-explanation.ts';

/** `why`: everything that is known of why a run did not succeed, and what to do next. */
export async function why(context: CliContext): Promise<void> {
  const { output, words, options } = context;
  await using home = await contextHome(context);
  const [word] = words;
  const place = word === undefined ? undefined : await findPlace(home, word);
  const run = place === undefined ? await latestFailed(home) : await runOf(home, place);
  const explanation =
    run &&
    (await explain(
      { home, run },
      { place, givenFile: givenFlowFile(options['file']), asksScript: options['source'] !== false },
    ));
  if (output.isJson) output.json(explanationJson(explanation));
  else if (explanation !== undefined) printExplanation(context, explanation);
  else output.line(`No run in the home ${home.path} has failed, or a resume has made it good.`);
}
