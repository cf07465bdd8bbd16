/**
 * Answers the questions about speed: `npm run bench`, or `npm run bench -- start lines` for some of them. Each sets raceway
 * beside a peer in the same run. Nothing fails because it is slow.
 */
import { cpus, loadavg, release, type } from 'node:os';
import { lines } from './lines.ts';
import { metaflow } from './metaflow.ts';
import { runner } from './runner.ts';
import { start } from './start.ts';
import { tasks } from './tasks.ts';

const QUESTIONS: Readonly<Record<string, () => Promise<void>>> = { start, runner, lines, tasks, metaflow };

const names = process.argv.slice(2);
const unknown = names.find((name) => !Object.hasOwn(QUESTIONS, name));
if (unknown !== undefined) {
  console.error(`there is no question ${JSON.stringify(unknown)}; there are: ${Object.keys(QUESTIONS).join(', ')}`);
  process.exit(2);
}

const [cpu] = cpus();
console.log(
  `${cpus().length} × ${cpu?.model.trim() ?? 'unknown processor'}, ${type()} ${release()}, Node ${process.version}`,
);
for (const [name, answer] of Object.entries(QUESTIONS)) {
  if (names.length > 0 && !names.includes(name)) continue;
  await answer();
  console.log(`\nLoad of the machine at the end of that: ${loadavg()[0]?.toFixed(2)} (1 minute average).`);
}
