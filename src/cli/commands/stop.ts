import { describeReason } from '../../core/status.ts';
import { Runner } from '../../runner/runner.ts';
import { contextHome, type CliContext } from '../context.ts';
import { findRun } from '../place.ts';
import { runFacts } from '../run-facts.ts';

/** `stop`: ends runs, whoever started them. */
export async function stop(context: CliContext): Promise<void> {
  const { output, words, options } = context;
  const { grace } = options as { grace?: number };
  await using home = await contextHome(context);
  const runs = await Promise.all(words.map((word) => findRun(home, word))); // all are there, or none is ended
  for (const run of runs) {
    const { finished: hadEnded } = run;
    await using running = await Runner.attach(run.pathspec, { home: home.path });
    await running.kill({ graceMs: grace });
    await run.refresh();
    output.json({ ...runFacts(run), hadEnded });
    const why = run.reason === undefined ? '' : `: ${describeReason(run.reason)}`;
    output.line(run.pathspec, hadEnded ? ` had ended already, ${run.status}${why}` : ` is ${run.status}${why}`);
  }
}
