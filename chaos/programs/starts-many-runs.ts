/** Has a Runner start as many runs of `flows/numbered.ts` at once as the order says, and prints how many came to what. */
import { Runner } from 'raceway';
import type { ParentOrder } from '../injection.ts';

const { flow, home, runs = 1, options } = JSON.parse(process.argv[2] ?? '') as ParentOrder;
await using runner = new Runner(flow, { home, showOutput: false });
const outcomes = await Promise.all(
  Array.from({ length: runs }, async (_, number) => {
    try {
      const running = await runner.run({ number }, options);
      if (running.status !== 'successful') return `${running.status}: ${running.stderr.slice(-1000)}`;
      const twice: unknown = await running.run.data['twice'];
      return twice === 2 * number ? 'right' : `wrong: twice ${number} is ${String(twice)}`;
    } catch (error) {
      return `refused: ${String(error)}`;
    }
  }),
);
const counts: Record<string, number> = {};
for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
console.log(JSON.stringify(counts));
