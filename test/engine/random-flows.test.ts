import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { flowFolder, type FlowFolder } from '../flow-folder.ts';
import { type DescribedTask, describedTasks } from './described-tasks.ts';

/** A well-nested piece of a flow. */
type Piece =
  | { readonly kind: 'step' }
  | { readonly kind: 'branch'; readonly branches: readonly (readonly Piece[])[] }
  | { readonly kind: 'foreach'; readonly count: number; readonly over: Iterated; readonly body: readonly Piece[] }
  /** Each task takes one of the cases, by its indices. */
  | { readonly kind: 'switch'; readonly cases: readonly (readonly Piece[])[] }
  /** The body runs once, and then again so many times, by a switch that leads back. */
  | { readonly kind: 'loop'; readonly again: number; readonly body: readonly Piece[] };

/** What a foreach goes over, given the number of items. */
const ITERATED = {
  array: (count: number) => `Array.from({ length: ${count} }, (_, i) => i)`,
  set: (count: number) => `new Set(Array.from({ length: ${count} }, (_, i) => ({ i })))`,
  generator: (count: number) => `(function* () { for (let i = 0; i < ${count}; i++) yield [i]; })()`,
  filtered: (count: number) => `[0, 1, 2, 3].filter((i) => i < ${count})`,
} as const;

type Iterated = keyof typeof ITERATED;

const pieces = fc.letrec<{ piece: Piece; body: readonly Piece[] }>((tie) => ({
  piece: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    fc.constant({ kind: 'step' } as const),
    fc.record({
      kind: fc.constant('branch' as const),
      branches: fc.array(tie('body'), { minLength: 2, maxLength: 3 }),
    }),
    fc.record({
      kind: fc.constant('foreach' as const),
      count: fc.integer({ min: 0, max: 3 }),
      over: fc.constantFrom<Iterated>('array', 'set', 'generator', 'filtered'),
      body: tie('body'),
    }),
    fc.record({
      kind: fc.constant('switch' as const),
      cases: fc.array(tie('body'), { minLength: 2, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('loop' as const), again: fc.integer({ min: 0, max: 2 }), body: tie('body') }),
  ),
  body: fc.array(tie('piece'), { minLength: 1, maxLength: 2 }),
})).body;

/** How a task can fail. */
const WAYS = {
  throw: `throw new Error('unlucky');`,
  exit: `process.exit(7);`,
  kill: `process.kill(process.pid, 'SIGKILL');`,
} as const;

/** Which task fails, among those that could, and how. */
const failure = fc.record({ choice: fc.nat(), way: fc.constantFrom<keyof typeof WAYS>('throw', 'exit', 'kill') });

/** A run that fails, is perhaps resumed only to fail elsewhere, and is resumed. */
const story = fc.record({
  body: pieces,
  failures: fc.array(failure, { minLength: 1, maxLength: 2 }),
  isolations: fc.array(fc.constantFrom('pool', 'task'), { minLength: 3, maxLength: 3 }),
});

test('a random flow that fails in random tasks and is resumed comes to what an undisturbed run comes to, and no finished task runs twice', async () => {
  await fc.assert(
    fc.asyncProperty(story, async ({ body, failures, isolations }) => {
      const { source, log, tasks } = makeFlow(body);
      using folder = flowFolder(source);
      const options = (attempt: number): string[] => ['--max-workers=2', `--isolation=${isolations[attempt]}`];
      let finished: readonly string[] = [];
      let seen = 0;
      const expectNoneAgain = (): void => {
        const ran = executed(folder).slice(seen);
        seen += ran.length;
        expect(ran.filter((task, index) => finished.includes(task) || ran.indexOf(task) !== index)).toStrictEqual([]);
      };
      for (const [attempt, { choice, way }] of failures.entries()) {
        const left = tasks.filter((task) => !finished.includes(task));
        const unlucky = left[choice % left.length] ?? '';
        writeFileSync(folder.file('unlucky'), `${way} ${unlucky}`);
        const { status } = await folder.run(['--quiet', attempt === 0 ? 'run' : 'resume', ...options(attempt)]);
        expect({ unlucky, status }).toStrictEqual({ unlucky, status: 1 });
        expectNoneAgain();
        const already = finished;
        finished = ownNames((await describedTasks(folder)).filter(({ successful }) => successful));
        expect(finished).toStrictEqual(expect.arrayContaining([...already]));
        expect(finished).not.toContain(unlucky);
      }
      writeFileSync(folder.file('unlucky'), '');
      const { status, stderr } = await folder.run(['--quiet', 'resume', ...options(2)]);
      expect({ status, stderr }).toStrictEqual({ status: 0, stderr: '' });
      const resumed = comparable(await describedTasks(folder));
      expectNoneAgain();
      expect(new Set(executed(folder))).toStrictEqual(new Set(tasks));

      expect((await folder.run(['--quiet', 'run', '--max-workers=2'])).status).toBe(0);
      expect(comparable(await describedTasks(folder))).toStrictEqual(resumed);
      expect(resumed.find(({ name }) => name === 'end')?.artifacts['log']).toStrictEqual(log);
      expect(resumed.flatMap(ownName).toSorted()).toStrictEqual(tasks.toSorted());
    }),
    { numRuns: 6 },
  );
}, 120_000);

/** Tasks of different runs in one order, since what runs side by side has its ids by chance. */
function comparable(tasks: readonly DescribedTask[]): readonly DescribedTask[] {
  return tasks.toSorted((one, other) => one.name.localeCompare(other.name));
}

function ownNames(tasks: readonly DescribedTask[]): readonly string[] {
  return tasks.flatMap(ownName);
}

/** A task has the name that the flow gave it at the end of its log; the start and the end have none. */
function ownName({ name, artifacts }: DescribedTask): readonly string[] {
  return name === 'start' || name === 'end' ? [] : (artifacts['log'] as string[]).slice(-1);
}

function executed(folder: FlowFolder): readonly string[] {
  return folder.trace('executed').split('\n').filter(Boolean);
}

/**
 * Writes the flow, and works out without it what it must come to: every task adds to the log that it inherits its name,
 * the indices it stands at and the rounds of the loops around it, and a join begins with the logs of its inputs, one after
 * the other.
 */
function makeFlow(body: readonly Piece[]): { source: string; log: readonly string[]; tasks: readonly string[] } {
  const steps: string[] = [];
  const tasks: string[] = [];
  let names = 0;

  /** Returns the name of the first step, and what the piece makes of a log. */
  const write = (rest: readonly Piece[], { next, isInLoop }: Place): { first: string; run: Runs } => {
    const [piece, ...others] = rest;
    if (piece === undefined) return { first: next, run: (log) => log };
    const after = write(others, { next, isInLoop });
    const name = `s${names++}`;
    const did: Runs = (log, place, step = name) => {
      const task = `${step}(${place.indices.join()})${place.rounds.join('')}`;
      tasks.push(task);
      return [...log, task];
    };
    const addStep = (text: string, step = name): void =>
      void steps.push(`${step} = step(() => { this.did(); ${text} });`);
    const addJoin = (): string => {
      const join = `${name}_join`;
      steps.push(`${join} = join((inputs: Inputs<this>) => {
        this.log = [...inputs].flatMap(({ log }) => log);
        this.rounds = new Map([...inputs].flatMap(({ rounds }) => [...rounds]));
        this.did(); this.next(this.${after.first}); });`);
      return join;
    };
    switch (piece.kind) {
      case 'step':
        addStep(`this.next(this.${after.first});`);
        return { first: name, run: (log, place) => after.run(did(log, place), place) };
      case 'branch': {
        const join = addJoin();
        const branches = piece.branches.map((branch) => write(branch, { next: join, isInLoop }));
        addStep(`this.next(${branches.map(({ first }) => `this.${first}`).join(', ')});`);
        return {
          first: name,
          run: (log, place) => {
            const split = did(log, place);
            const joined = branches.flatMap(({ run }) => run(split, place));
            return after.run(did(joined, place, join), place);
          },
        };
      }
      case 'foreach': {
        // A join of nothing has lost count of the rounds.
        const count = isInLoop ? Math.max(1, piece.count) : piece.count;
        const join = addJoin();
        const inner = write(piece.body, { next: join, isInLoop });
        addStep(`this.next(this.${inner.first}, { foreach: ${ITERATED[piece.over](count)}, allowEmpty: true });`);
        return {
          first: name,
          run: (log, place) => {
            const split = did(log, place);
            const all = Array.from({ length: count }, (_, index) =>
              inner.run(split, { ...place, indices: [...place.indices, index] }),
            );
            return after.run(did(all.flat(), place, join), place);
          },
        };
      }
      case 'switch': {
        const meet = `${name}_meet`; // no switch may lead to a join
        const cases = piece.cases.map((one) => write(one, { next: meet, isInLoop }));
        const written = cases.map(({ first }, index) => `${index}: this.${first}`).join(', ');
        addStep(`this.next({ ${written} }, { condition: this.sum() % ${cases.length} });`);
        addStep(`this.next(this.${after.first});`, meet);
        return {
          first: name,
          run: (log, place) => {
            const sum = place.indices.reduce((total, index) => total + index, 0);
            const taken = cases[sum % cases.length]?.run ?? ((same) => same);
            return after.run(did(taken(did(log, place), place), place, meet), place);
          },
        };
      }
      case 'loop': {
        const leave = `${name}_leave`;
        const inner = write(piece.body, { next: name, isInLoop: true });
        addStep(`
          const isOver = (this.rounds.get('${name}') ?? 0) === ${piece.again};
          if (isOver) this.rounds.delete('${name}');
          else this.rounds.set('${name}', (this.rounds.get('${name}') ?? 0) + 1);
          this.next({ true: this.${leave}, false: this.${inner.first} }, { condition: isOver });`);
        addStep(`this.next(this.${after.first});`, leave);
        return {
          first: inner.first,
          run: (log, place) => {
            let soFar = log;
            for (let round = 0; round <= piece.again; round++) {
              const here = { ...place, rounds: round === 0 ? place.rounds : [...place.rounds, `@${name}.${round}`] };
              soFar = did(inner.run(soFar, here), here);
            }
            return after.run(did(soFar, place, leave), place);
          },
        };
      }
    }
  };

  const { first, run } = write(body, { next: 'end', isInLoop: false });
  const log = run([], { indices: [], rounds: [] });
  const ways = Object.entries(WAYS).map(([way, text]) => `if (way === '${way}') ${text}`);
  const source = `
    import { readFileSync } from 'node:fs';
    export class Sample extends FlowSpec {
      log: string[] = [];
      rounds = new Map<string, number>();
      start = step(() => this.next(this.${first}));
      ${steps.join('\n      ')}
      end = step();
      sum() {
        return current.foreachStack.reduce((sum, { index }) => sum + index, 0);
      }
      did() {
        const rounds = [...this.rounds].map(([loop, round]) => '@' + loop + '.' + round).join('');
        const task = current.stepName + '(' + current.foreachStack.map(({ index }) => index).join() + ')' + rounds;
        const [way, unlucky] = readFileSync(new URL('unlucky', import.meta.url), 'utf8').split(' ');
        if (unlucky === task) {
          ${ways.join('\n          ')}
        }
        this.log = [...this.log, task];
        trace('executed', task);
      }
    }`;
  return { source, log, tasks };
}

/** Where a piece is written. */
interface Place {
  /** The step that follows it. */
  readonly next: string;
  readonly isInLoop: boolean;
}

/** Where a task stands: its index in each foreach around it, and the rounds of the loops around it but for their first. */
interface Standing {
  readonly indices: readonly number[];
  readonly rounds: readonly string[];
}

type Runs = (log: readonly string[], standing: Standing, step?: string) => readonly string[];
