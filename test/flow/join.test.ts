import { describe, expect, test } from 'vitest';
import { FlowSpec, type FlowClass } from '../../src/flow/flow-spec.ts';
import type { Inputs } from '../../src/flow/inputs.ts';
import { join } from '../../src/flow/join.ts';
import { parameter } from '../../src/flow/parameter.ts';
import { step, type Step } from '../../src/flow/step.ts';
import { createTask, type JoinInput, type TaskField, type TaskInstance } from '../../src/flow/task-instance.ts';

/** A base with the two branches that the joins below bring together. */
class Branching extends FlowSpec.with({ factor: parameter.integer({ default: 2 }) }) {
  score = 0;
  title = 'initial';
  note: string | undefined;
  only: string | undefined;
  logger = () => undefined;

  get scaled(): number {
    return this.score * this.factor;
  }

  start: Step = step();
  end: Step = step();
}

const LEFT = { score: 1, title: 'same', note: 'left' };
const RIGHT = { score: 2, title: 'same', only: 'right' };

/** Runs `merge` on branches with these artifacts; hashes are of their JSON. */
async function runMerge(
  flowClass: FlowClass,
  branches: Readonly<Record<string, Readonly<Record<string, unknown>>>> = { a: LEFT, b: RIGHT },
): Promise<{ readonly task: TaskInstance; readonly loaded: readonly string[] }> {
  const loaded: string[] = [];
  const inputs = Object.entries(branches).map(([name, artifacts], index): JoinInput => ({
    step: name.replace(/[0-9]/, ''),
    taskId: String(index + 2),
    names: Object.keys(artifacts),
    load: (artifact) => {
      loaded.push(`${name}.${artifact}`);
      return artifacts[artifact];
    },
    sha256: (artifact) => JSON.stringify(artifacts[artifact]),
  }));
  const task = createTask(flowClass, { parameters: { factor: 2 }, inherited: [], load: () => undefined, inputs });
  await task.run('merge');
  return { task, loaded };
}

function field(task: TaskInstance, name: string): TaskField | undefined {
  return task.fields().find((one) => one.name === name);
}

describe('a join', () => {
  test('reads its inputs by position, by iteration and by branch', async () => {
    class Reading extends Branching {
      merge = join((inputs: Inputs<this>) => {
        const byIteration = [...inputs].map(({ score }) => score);
        this.title = JSON.stringify([inputs.length, inputs[0]?.note, inputs.get('b').only, byIteration]);
        this.next(this.end);
      });
    }
    const { task } = await runMerge(Reading);
    expect(field(task, 'title')).toEqual({ name: 'title', origin: 'assigned', value: '[2,"left","right",[1,2]]' });
  });

  test('loads an artifact of an input when it is first read, and once', async () => {
    class Frugal extends Branching {
      merge = join((inputs: Inputs<this>) => {
        const [first] = inputs;
        this.score = (first?.score ?? 0) + (first?.score ?? 0);
        this.next(this.end);
      });
    }
    expect((await runMerge(Frugal)).loaded).toEqual(['a.score']);
  });

  test('starts from the initial values', async () => {
    class Fresh extends Branching {
      merge = join(() => this.next(this.end));
    }
    const { task } = await runMerge(Fresh);
    expect(field(task, 'score')).toEqual({ name: 'score', origin: 'initial', value: 0 });
    expect(field(task, 'title')).toMatchObject({ origin: 'initial', value: 'initial' });
  });

  test('reads parameters and getters of its inputs too', async () => {
    class Scaling extends Branching {
      merge = join((inputs: Inputs<this>) => {
        this.score = inputs.get('b').scaled;
        this.next(this.end);
      });
    }
    const { task } = await runMerge(Scaling);
    expect(field(task, 'score')).toMatchObject({ value: 4 });
    expect(task.parameterReads).toEqual(['factor']);
  });

  test('shows what an input has when it is spread', async () => {
    class Spreading extends Branching {
      merge = join((inputs: Inputs<this>) => {
        this.title = JSON.stringify({ ...inputs[1] });
        this.next(this.end);
      });
    }
    const { task } = await runMerge(Spreading);
    expect(field(task, 'title')).toMatchObject({ value: '{"factor":2,"score":2,"title":"same","only":"right"}' });
  });

  test.for([
    ['an artifact', 'score'],
    ['a parameter', 'factor'],
    ['what it does not have', 'other'],
  ] as const)('refuses to assign %s of an input', async ([, name]) => {
    class Writing extends Branching {
      merge = join((inputs: Inputs<this>) => {
        Object.assign(inputs.get('a'), { [name]: 3 });
      });
    }
    await expect(runMerge(Writing)).rejects.toThrow(
      new TypeError(
        `${name} of a join's input cannot be assigned: what the branches left is there to be read\n` +
          `Keep the value in the flow itself, as in this.${name} = …`,
      ),
    );
  });

  class Asking extends Branching {
    merge = join((inputs: Inputs<this>) => {
      this.note = inputs.get('work').note;
      this.next(this.end);
    });
  }

  test('names the branches when there is none of a name', async () => {
    await expect(runMerge(Asking)).rejects.toThrow(
      new RangeError('No input of the join is of step work\nThe branches are: a, b.'),
    );
  });

  test('takes no input by name when several have it', async () => {
    await expect(runMerge(Asking, { work1: LEFT, work2: RIGHT })).rejects.toThrow(
      'Several inputs of the join are of step work',
    );
  });

  test('has no inputs after a foreach without items', async () => {
    class Empty extends Branching {
      merge = join((inputs: Inputs<this>) => {
        this.score = inputs.length;
        this.mergeArtifacts(inputs);
        this.next(this.end);
      });
    }
    expect(field((await runMerge(Empty, {})).task, 'score')).toMatchObject({ value: 0 });
  });

  test('is made of a function', () => {
    expect(() => join(undefined as never)).toThrow(
      new TypeError(
        'join() takes a function and was given undefined\nWrite it as join((inputs: Inputs<this>) => { … }).',
      ),
    );
  });
});

describe('mergeArtifacts', () => {
  test('takes over what the inputs agree on, without loading it', async () => {
    class Merging extends Branching {
      merge = join((inputs: Inputs<this>) => {
        this.score = 9;
        this.mergeArtifacts(inputs);
        this.next(this.end);
      });
    }
    const { task, loaded } = await runMerge(Merging);
    expect(loaded).toEqual([]);
    expect(task.fields().filter(({ origin }) => origin !== 'initial')).toEqual([
      { name: 'score', origin: 'assigned', value: 9 },
      { name: 'title', origin: 'merged', from: 0 },
      { name: 'note', origin: 'merged', from: 0 },
      { name: 'only', origin: 'merged', from: 1 },
    ]);
  });

  test('leaves values to be read and changed', async () => {
    class Using extends Branching {
      merge = join((inputs: Inputs<this>) => {
        this.mergeArtifacts(inputs, { exclude: ['score'] });
        this.score = this.title.length;
        this.note = 'changed';
        this.next(this.end);
      });
    }
    const { task, loaded } = await runMerge(Using);
    expect(loaded).toEqual(['a.title']);
    expect(field(task, 'score')).toMatchObject({ value: 4 });
    expect(field(task, 'title')).toEqual({ name: 'title', origin: 'inherited', value: 'same' });
    expect(field(task, 'note')).toEqual({ name: 'note', origin: 'assigned', value: 'changed' });
  });

  test('leaves alone what the join has filled in place', async () => {
    class Filling extends Branching {
      totals = new Map<string, number>();
      seen: number[] = [];
      bytes = Buffer.alloc(2);
      logs = [() => undefined];
      merge = join((inputs: Inputs<this>) => {
        for (const { score } of inputs) this.totals.set('score', (this.totals.get('score') ?? 0) + score);
        expect([this.seen.length, this.bytes.length, this.logs.length]).toEqual([0, 2, 1]); // read, not changed
        this.mergeArtifacts(inputs, { exclude: ['score'] });
        this.next(this.end);
      });
    }
    const shared = { totals: new Map([['score', 7]]), seen: [1], bytes: Buffer.from('ab') };
    const { task } = await runMerge(Filling, { a: { ...LEFT, ...shared }, b: { ...RIGHT, ...shared } });
    expect(field(task, 'totals')).toEqual({ name: 'totals', origin: 'initial', value: new Map([['score', 3]]) });
    expect([field(task, 'seen'), field(task, 'bytes')]).toMatchObject([{ origin: 'merged' }, { origin: 'merged' }]);
  });

  test('takes over only what is included', async () => {
    class Including extends Branching {
      merge = join((inputs: Inputs<this>) => {
        this.mergeArtifacts(inputs, { include: ['only'] });
        this.next(this.end);
      });
    }
    const { task } = await runMerge(Including);
    expect(task.fields().filter(({ origin }) => origin === 'merged')).toEqual([
      { name: 'only', origin: 'merged', from: 1 },
    ]);
  });

  test('takes over from the inputs that it is given', async () => {
    class Choosing extends Branching {
      merge = join((inputs: Inputs<this>) => {
        this.mergeArtifacts(inputs.filter(({ score }) => score === 2));
        this.next(this.end);
      });
    }
    expect(field((await runMerge(Choosing)).task, 'score')).toEqual({ name: 'score', origin: 'merged', from: 1 });
  });

  test('names every conflict and sets nothing', async () => {
    let set: unknown;
    class Conflicting extends Branching {
      merge = join((inputs: Inputs<this>) => {
        try {
          this.mergeArtifacts(inputs);
        } finally {
          set = [this.title, this.only];
        }
      });
    }
    await expect(runMerge(Conflicting, { a: LEFT, b: { ...RIGHT, note: 'right' } })).rejects.toMatchObject({
      code: 'ARTIFACT',
      message:
        'Step merge cannot merge score, note: the inputs have different values (an initial value is one as well)\n' +
        "Set this.score, this.note before this.mergeArtifacts(), or leave them out with { exclude: ['score', 'note'] }.",
    });
    expect(set).toEqual(['initial', undefined]);
  });

  test('refuses to include what no input has', async () => {
    class Missing extends Branching {
      merge = join((inputs: Inputs<this>) => this.mergeArtifacts(inputs, { include: ['title', 'logger'] }));
    }
    await expect(runMerge(Missing)).rejects.toMatchObject({
      code: 'ARTIFACT',
      message: expect.stringContaining('Step merge cannot merge logger: no input has such an artifact') as string,
    });
  });

  test('refuses both include and exclude', async () => {
    class Both extends Branching {
      merge = join((inputs: Inputs<this>) => {
        // @ts-expect-error -- one of them
        this.mergeArtifacts(inputs, { include: ['title'], exclude: ['note'] });
      });
    }
    await expect(runMerge(Both)).rejects.toThrow('was given both include and exclude');
  });

  test('refuses what is no input of the join', async () => {
    class Other extends Branching {
      merge = join(() => this.mergeArtifacts([this]));
    }
    await expect(runMerge(Other)).rejects.toThrow('was given what is no input of the join');
  });

  test('is refused in a step that is no join', async () => {
    class NoJoin extends Branching {
      merge = step(() => this.mergeArtifacts([]));
    }
    await expect(runMerge(NoJoin)).rejects.toMatchObject({
      code: 'FLOW_DEFINITION',
      message:
        'this.mergeArtifacts() can only be called in a join, and step merge of NoJoin is no join\n' +
        'Call it in the body of join((inputs: Inputs<this>) => { … }).',
    });
  });
});
