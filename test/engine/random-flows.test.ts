import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { flowFolder, type FlowFolder } from '../flow-folder.ts';

/** A well-nested piece of a flow. */
type Piece =
  | { readonly kind: 'step' }
  | { readonly kind: 'branch'; readonly branches: readonly (readonly Piece[])[] }
  | { readonly kind: 'foreach'; readonly count: number; readonly body: readonly Piece[] };

const pieces = fc.letrec<{ piece: Piece; body: readonly Piece[] }>((tie) => ({
  piece: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    fc.constant({ kind: 'step' } as const),
    fc.record({
      kind: fc.constant('branch' as const),
      branches: fc.array(tie('body'), { minLength: 2, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('foreach' as const), count: fc.integer({ min: 1, max: 3 }), body: tie('body') }),
  ),
  body: fc.array(tie('piece'), { minLength: 1, maxLength: 2 }),
})).body;

test('a random flow that fails in a random task and is resumed comes to what an undisturbed run comes to, and no finished task runs twice', async () => {
  await fc.assert(
    fc.asyncProperty(pieces, fc.nat(), async (body, choice) => {
      const { source, log, tasks } = makeFlow(body);
      const unlucky = tasks[choice % tasks.length];
      using folder = flowFolder(source);
      writeFileSync(folder.file('unlucky'), unlucky ?? '');

      expect((await folder.run(['--quiet', 'run', '--max-workers=2'])).status).toBe(1);
      const finished = await successfulTasks(folder);
      writeFileSync(folder.file('unlucky'), '');
      const { status, stderr } = await folder.run(['--quiet', 'resume', '--max-workers=2']);
      expect({ status, stderr }).toStrictEqual({ status: 0, stderr: '' });

      expect(await finalLog(folder)).toStrictEqual(log);
      const executed = folder.trace('executed').trim().split('\n');
      expect(new Set(executed)).toStrictEqual(new Set(tasks));
      expect(executed.filter((task) => finished.includes(task)).toSorted()).toStrictEqual(finished.toSorted());
    }),
    { numRuns: 8 },
  );
}, 120_000);

/** The tasks that the first run finished: each has its own name at the end of its log. */
async function successfulTasks(folder: FlowFolder): Promise<string[]> {
  await using home = await folder.home();
  const run = await home.flow('Sample').latestRun();
  const tasks = (await Array.fromAsync(run?.tasks() ?? [])).filter(({ successful }) => successful);
  const logs = await Promise.all(tasks.map(async (task) => (await task.load('log'))['log'] as string[]));
  return logs.flatMap((log) => log.slice(-1));
}

async function finalLog(folder: FlowFolder): Promise<unknown> {
  await using home = await folder.home();
  const run = await home.flow('Sample').latestRun();
  return (await run?.load('log'))?.['log'];
}

/**
 * Writes the flow, and works out without it what it must come to: every task adds its name and the indices it stands at to
 * the log that it inherits, and a join begins with the logs of its inputs, one after the other.
 */
function makeFlow(body: readonly Piece[]): { source: string; log: readonly string[]; tasks: readonly string[] } {
  const steps: string[] = [];
  const tasks: string[] = [];
  let names = 0;

  /** Returns the name of the first step, and what the piece makes of a log. */
  const write = (rest: readonly Piece[], next: string): { first: string; run: Runs } => {
    const [piece, ...others] = rest;
    if (piece === undefined) return { first: next, run: (log) => log };
    const after = write(others, next);
    const name = `s${names++}`;
    const join = `${name}_join`;
    const did: Runs = (log, indices, step = name) => {
      const task = `${step}(${indices.join()})`;
      tasks.push(task);
      return [...log, task];
    };
    const addJoin = (): void => {
      steps.push(`${join} = join((inputs: Inputs<this>) => {
        this.log = [...inputs].flatMap(({ log }) => log); this.did(); this.next(this.${after.first}); });`);
    };
    switch (piece.kind) {
      case 'step':
        steps.push(`${name} = step(() => { this.did(); this.next(this.${after.first}); });`);
        return { first: name, run: (log, indices) => after.run(did(log, indices), indices) };
      case 'branch': {
        const branches = piece.branches.map((branch) => write(branch, join));
        const targets = branches.map(({ first }) => `this.${first}`).join(', ');
        steps.push(`${name} = step(() => { this.did(); this.next(${targets}); });`);
        addJoin();
        return {
          first: name,
          run: (log, indices) => {
            const split = did(log, indices);
            const joined = branches.flatMap(({ run }) => run(split, indices));
            return after.run(did(joined, indices, join), indices);
          },
        };
      }
      case 'foreach': {
        const inner = write(piece.body, join);
        const items = JSON.stringify(Array.from({ length: piece.count }, (_, index) => index));
        steps.push(`${name} = step(() => { this.did(); this.next(this.${inner.first}, { foreach: ${items} }); });`);
        addJoin();
        return {
          first: name,
          run: (log, indices) => {
            const split = did(log, indices);
            const all = Array.from({ length: piece.count }, (_, index) => inner.run(split, [...indices, index]));
            return after.run(did(all.flat(), indices, join), indices);
          },
        };
      }
    }
  };

  const { first, run } = write(body, 'end');
  const log = run([], []);
  const source = `
    import { readFileSync } from 'node:fs';
    export class Sample extends FlowSpec {
      log: string[] = [];
      start = step(() => this.next(this.${first}));
      ${steps.join('\n      ')}
      end = step();
      did() {
        const task = current.stepName + '(' + current.foreachStack.map(({ index }) => index).join() + ')';
        if (readFileSync(new URL('unlucky', import.meta.url), 'utf8') === task) throw new Error('unlucky');
        this.log = [...this.log, task];
        trace('executed', task);
      }
    }`;
  return { source, log, tasks };
}

type Runs = (log: readonly string[], indices: readonly number[], step?: string) => readonly string[];
