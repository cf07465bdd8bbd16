/** The page in the docs, with the report of a full run. */
export function formatPage(report: string): string {
  return `# What raceway survives

Written by \`npm run chaos\`, which injects faults into real runs: real processes, a real home, real signals. After each it
checks that

- nothing is left: no process of the run or of the script that started it, and no temporary folder;
- nothing is half done: a task that is recorded as successful has all its artifacts, readable and of the right hash, and
  says where it went; no attempt goes on in a run that has ended; the database is sound;
- the client tells the truth: a run whose process is gone is failed, at once; the handle says what the store says;
- errors name their cause;
- a resume completes, takes over every finished task, and comes to the artifacts of an undisturbed run.

What a fault broke is never counted as survived, and what this machine did not allow to inject is said to be not injected.

\`npm run chaos\` takes long. \`npm run chaos -- --bounded\` injects a few of each. \`--seed 7\` chooses the instants,
\`--only kill-worker\` one fault (it may be given several times), \`--times 5\` how often, \`--from 31\` the first injection: each failure is
reported with the command that repeats it.

${report}
`;
}
