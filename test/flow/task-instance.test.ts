import { describe, expect, test } from 'vitest';
import { current } from '../../src/flow/current.ts';
import { FlowSpec, type FlowClass } from '../../src/flow/flow-spec.ts';
import { parameter } from '../../src/flow/parameter.ts';
import { step, type Step } from '../../src/flow/step.ts';
import { createTask, type TaskField, type TaskInstance } from '../../src/flow/task-instance.ts';

interface Start {
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly inherited?: Readonly<Record<string, unknown>>;
}

/** A task whose inherited artifacts are in memory, with a list of those that were loaded. */
function makeTask(flowClass: FlowClass, { parameters = {}, inherited = {} }: Start = {}) {
  const loaded: string[] = [];
  const load = (name: string): unknown => {
    loaded.push(name);
    return inherited[name];
  };
  return { task: createTask(flowClass, { parameters, inherited: Object.keys(inherited), load }), loaded };
}

async function runStart(flowClass: FlowClass, start?: Start): Promise<TaskInstance> {
  const { task } = makeTask(flowClass, start);
  await task.run('start');
  return task;
}

function field(task: TaskInstance, name: string): TaskField | undefined {
  return task.fields().find((one) => one.name === name);
}

describe('a task', () => {
  test('runs the body of the step it is asked for', async () => {
    class Counting extends FlowSpec {
      count = 0;
      start = step(() => this.next(this.middle));
      middle = step(async () => {
        await Promise.resolve();
        this.count = 7;
        this.next(this.end);
      });
      end = step();
    }
    const { task } = makeTask(Counting);
    await task.run('middle');
    expect(field(task, 'count')).toEqual({ name: 'count', origin: 'assigned', value: 7 });
    expect(task.transition).toEqual({ kind: 'linear', steps: ['end'] });
  });

  test('runs an end without a body and has no transition then', async () => {
    class Short extends FlowSpec {
      start = step(() => this.next(this.end));
      end = step();
    }
    const { task } = makeTask(Short);
    await task.run('end');
    expect(task.transition).toBeUndefined();
  });

  test('gives a body that is a method the flow as this', async () => {
    class Methodical extends FlowSpec {
      done = false;
      // oxlint-disable-next-line typescript/unbound-method -- a step gives it its this
      start: Step = step(this.begin);
      end = step();
      begin(): void {
        this.done = true;
        this.next(this.end);
      }
    }
    expect(field(await runStart(Methodical), 'done')).toMatchObject({ value: true });
  });

  test('rejects with what the step threw', async () => {
    const thrown = new RangeError('too far');
    class Failing extends FlowSpec {
      start = step(() => {
        throw thrown;
      });
    }
    await expect(runStart(Failing)).rejects.toBe(thrown);
  });

  test('rejects naming the steps when there is no such step', async () => {
    class Short extends FlowSpec {
      start = step(() => this.next(this.end));
      end = step();
    }
    await expect(makeTask(Short).task.run('middle')).rejects.toThrow(
      'Short has no step middle\nIts steps are: start, end.',
    );
  });

  test('refuses a second step', async () => {
    class Short extends FlowSpec {
      start = step(() => this.next(this.end));
      end = step();
    }
    const task = await runStart(Short);
    await expect(task.run('end')).rejects.toThrow('has run a step already');
  });

  test('gets the constructor error of the class as it is', () => {
    class Broken extends FlowSpec {
      start = step();
      value = JSON.parse('{') as unknown;
    }
    expect(() => makeTask(Broken)).toThrow(SyntaxError);
  });
});

describe('parameters', () => {
  class Slow extends FlowSpec.with({ seconds: parameter.integer({ default: 3 }), plan: parameter.json() }) {
    doubled = this.seconds * 2;
    start = step(() => this.next(this.end));
    end = step();
  }

  test('are there before the field initialisers run', () => {
    const { task } = makeTask(Slow, { parameters: { seconds: 4, plan: null } });
    expect(field(task, 'doubled')).toMatchObject({ value: 8 });
  });

  test('are no fields of the task', () => {
    const { task } = makeTask(Slow, { parameters: { seconds: 4, plan: null } });
    expect(task.fields().map(({ name }) => name)).toEqual(['doubled']);
  });

  test('throw a TypeError that names them when assigned', async () => {
    class Assigning extends Slow {
      override start = step(() => {
        (this as { seconds: number }).seconds = 5;
      });
    }
    await expect(runStart(Assigning, { parameters: { seconds: 4 } })).rejects.toThrow(
      new TypeError(
        'Assigning.seconds is a parameter and cannot be assigned: parameters are constant for the run\n' +
          'Keep the value in a field of another name.',
      ),
    );
  });

  test('throw a TypeError when a field of the class takes their name', () => {
    class Shadowing extends Slow {
      override seconds = 5;
    }
    expect(() => makeTask(Shadowing, { parameters: { seconds: 4 } })).toThrow(/^Shadowing\.seconds is a parameter/);
  });

  test('throw a TypeError when deleted', async () => {
    class Deleting extends Slow {
      override start = step(() => {
        delete (this as { seconds?: number }).seconds;
      });
    }
    await expect(runStart(Deleting, { parameters: { seconds: 4 } })).rejects.toThrow(/cannot be deleted/);
  });

  test('cannot be changed in place', async () => {
    class Changing extends Slow {
      override start = step(() => {
        (this.plan as { stages: string[] }).stages.push('last');
      });
    }
    await expect(runStart(Changing, { parameters: { seconds: 4, plan: { stages: [] } } })).rejects.toThrow(TypeError);
  });
});

describe('artifacts', () => {
  test('that a step assigned are reported with their values', async () => {
    class Assigning extends FlowSpec {
      model: string | undefined;
      start = step(() => {
        this.model = 'large';
        this.next(this.end);
      });
      end = step();
    }
    expect((await runStart(Assigning)).fields()).toEqual([{ name: 'model', origin: 'assigned', value: 'large' }]);
  });

  test('that nobody touched are reported as initial, changed in place or not', async () => {
    class Collecting extends FlowSpec {
      items: string[] = [];
      label = 'x';
      start = step(() => {
        this.items.push('one');
        this.next(this.end);
      });
      end = step();
    }
    expect((await runStart(Collecting)).fields()).toEqual([
      { name: 'items', origin: 'initial', value: ['one'] },
      { name: 'label', origin: 'initial', value: 'x' },
    ]);
  });

  class Inheriting extends FlowSpec {
    items: string[] = ['initial'];
    label = 'initial';
    start = step(() => {
      this.items.push('more');
      this.items.push('still more');
      this.next(this.end);
    });
    end = step();
  }

  test('that were inherited are loaded when first touched, once', async () => {
    const { task, loaded } = makeTask(Inheriting, { inherited: { items: ['parent'], label: 'parent' } });
    expect(loaded).toEqual([]);
    await task.run('start');
    expect(loaded).toEqual(['items']);
    expect(field(task, 'items')).toEqual({
      name: 'items',
      origin: 'inherited',
      value: ['parent', 'more', 'still more'],
    });
  });

  test('that were inherited and not looked at are untouched', async () => {
    const task = await runStart(Inheriting, { inherited: { items: [], label: 'parent' } });
    expect(field(task, 'label')).toEqual({ name: 'label', origin: 'untouched' });
  });

  test('that were inherited need no field in the class', async () => {
    const task = await runStart(Inheriting, { inherited: { older: 1 } });
    expect(field(task, 'older')).toEqual({ name: 'older', origin: 'untouched' });
  });

  test('that are assigned before they are read are never loaded', async () => {
    class Replacing extends Inheriting {
      override start = step(() => {
        this.items = [];
        this.next(this.end);
      });
    }
    const { task, loaded } = makeTask(Replacing, { inherited: { items: ['parent'] } });
    await task.run('start');
    expect(loaded).toEqual([]);
    expect(field(task, 'items')).toEqual({ name: 'items', origin: 'assigned', value: [] });
  });

  test('that are deleted are gone', async () => {
    class Deleting extends FlowSpec {
      big?: string | undefined = 'x';
      seen: unknown;
      start = step(() => {
        delete this.big;
        this.seen = this.big;
        this.next(this.end);
      });
      end = step();
    }
    const task = await runStart(Deleting, { inherited: { big: 'parent' } });
    expect(task.fields()).toEqual([{ name: 'seen', origin: 'assigned', value: undefined }]);
  });

  test('that exist neither here nor before read as undefined', async () => {
    class Asking extends FlowSpec {
      seen: unknown = 'something';
      start = step(() => {
        this.seen = (this as { missing?: unknown }).missing;
        this.next(this.end);
      });
      end = step();
    }
    expect(field(await runStart(Asking), 'seen')).toMatchObject({ value: undefined });
  });

  test('may have names that begin with an underscore', async () => {
    class Underscored extends FlowSpec {
      _kept = 1;
      start = step(() => this.next(this.end));
      end = step();
    }
    expect(field(await runStart(Underscored), '_kept')).toMatchObject({ origin: 'initial', value: 1 });
  });

  test('are all found by those who look through this', async () => {
    class Looking extends FlowSpec.with({ size: parameter.integer({ default: 1 }) }) {
      label = 'x';
      keys: unknown;
      copy: unknown;
      start = step(() => {
        this.keys = Object.keys(this);
        this.copy = Object.entries(this).filter(([name]) => name === 'label' || name === 'items');
        this.next(this.end);
      });
      end = step();
    }
    const task = await runStart(Looking, { parameters: { size: 1 }, inherited: { items: [1] } });
    expect(field(task, 'keys')).toMatchObject({ value: ['size', 'label', 'keys', 'copy', 'start', 'end', 'items'] });
    expect(field(task, 'copy')).toMatchObject({
      value: [
        ['label', 'x'],
        ['items', [1]],
      ],
    });
  });

  test('are no functions of the class, unless a step assigns one', async () => {
    class Functional extends FlowSpec {
      helper = (): number => 1;
      chosen: (() => number) | undefined;
      start = step(() => {
        this.chosen = this.helper;
        this.next(this.end);
      });
      end = step();
    }
    const task = await runStart(Functional);
    expect(task.fields()).toEqual([{ name: 'chosen', origin: 'assigned', value: expect.any(Function) }]);
  });

  test('set in a constructor are initial values', async () => {
    class Constructed extends FlowSpec {
      label: string;
      constructor() {
        super();
        this.label = 'made';
      }
      start = step(() => this.next(this.end));
      end = step();
    }
    expect(field(await runStart(Constructed), 'label')).toEqual({ name: 'label', origin: 'initial', value: 'made' });
  });
});

describe('a flow class', () => {
  test('keeps its getters, setters, methods and private fields', async () => {
    class Private extends FlowSpec {
      #secret = 20;
      shown = 0;
      get half(): number {
        return this.#secret / 2;
      }
      set half(value: number) {
        this.#secret = value * 2;
      }
      #reveal(): void {
        this.shown = this.#secret + this.half;
      }
      start = step(() => {
        this.half = 30;
        this.#reveal();
        this.next(this.end);
      });
      end = step();
    }
    expect((await runStart(Private)).fields()).toEqual([{ name: 'shown', origin: 'assigned', value: 90 }]);
  });

  test('may extend another and give its steps another body', async () => {
    class Base extends FlowSpec {
      log: string[] = [];
      start = step(() => this.next(this.end));
      end = step();
    }
    class Derived extends Base {
      override start = step(() => {
        this.log = ['derived'];
        this.next(this.end);
      });
    }
    const task = await runStart(Derived);
    expect(field(task, 'log')).toMatchObject({ value: ['derived'] });
    expect(task.transition?.steps).toEqual(['end']);
  });

  test('cannot be constructed by hand', () => {
    class Short extends FlowSpec {
      start = step();
    }
    expect(() => new Short()).toThrow(
      'Short cannot be constructed by hand: an instance of a flow belongs to a task\n' +
        'Start the flow with main(Short), from another program with a Runner, or in a test with runFlow(Short).',
    );
  });

  test('does not get the task of a flow that is being constructed around it', () => {
    class Inner extends FlowSpec {
      start = step();
    }
    class Outer extends FlowSpec {
      inner = new Inner();
      start = step();
    }
    expect(() => makeTask(Outer)).toThrow(/^Inner cannot be constructed by hand/);
  });

  test('has instances that know nothing of each other', async () => {
    class Counting extends FlowSpec.with({ by: parameter.integer({ required: true }) }) {
      inner: unknown = this.by > 1 ? makeTask(Counting, { parameters: { by: 1 } }).task.fields() : undefined;
      count = this.by;
      start = step(async () => {
        await Promise.resolve();
        this.count += this.by;
        this.next(this.end);
      });
      end = step();
    }
    const tasks = [5, 7].map((by) => makeTask(Counting, { parameters: { by } }).task);
    await Promise.all(tasks.map((task) => task.run('start')));
    expect(tasks.map((task) => field(task, 'count'))).toMatchObject([{ value: 10 }, { value: 14 }]);
  });

  test('cannot have one step under two names', () => {
    class Twice extends FlowSpec {
      start = step();
      again = this.start;
    }
    expect(() => makeTask(Twice)).toThrow(/^Twice\.again is the same step as Twice\.start/);
  });

  test('throws a TypeError that names the step when a step is assigned', async () => {
    class Assigning extends FlowSpec {
      start = step(() => {
        this.end = step();
      });
      end = step();
    }
    await expect(runStart(Assigning)).rejects.toThrow(
      new TypeError('Assigning.end is a step and cannot be assigned\nKeep the value in a field of another name.'),
    );
  });
});

describe('next', () => {
  test('throws when a step calls it twice', async () => {
    class Twice extends FlowSpec {
      start = step(() => {
        this.next(this.other);
        this.next(this.end);
      });
      other = step();
      end = step();
    }
    await expect(runStart(Twice)).rejects.toThrow(
      'Step start of Twice called this.next() twice, for other and for end\n' +
        'Call it once, as the last thing the step does.',
    );
  });

  test.for([
    ['nothing', undefined],
    ['a step of no flow', step()],
    ['a name', 'end'],
  ] as const)('throws a TypeError when it is given %s', async ([, target]) => {
    class Lost extends FlowSpec {
      start = step(() => this.next(target as Step));
      end = step();
    }
    await expect(runStart(Lost)).rejects.toThrow(
      new TypeError(
        'this.next() in step start of Lost was given what is no step of the flow\n' +
          'Write it as this.next(this.<step>); the steps are: start, end.',
      ),
    );
  });

  test('throws a TypeError when it is called apart from its flow', async () => {
    class Apart extends FlowSpec {
      start = step(() => {
        const { next } = this as unknown as { next: (step: Step) => void };
        next(this.end);
      });
      end = step();
    }
    await expect(runStart(Apart)).rejects.toThrow(/^next\(\) was called without its flow/);
  });

  test('throws when the step has returned', async () => {
    const late = Promise.withResolvers<void>();
    const thrown = Promise.withResolvers<unknown>();
    class Late extends FlowSpec {
      start = step(() => {
        this.next(this.end);
        void late.promise.then(() => this.next(this.end)).catch(thrown.resolve);
      });
      end = step();
    }
    await runStart(Late);
    late.resolve();
    expect(String(await thrown.promise)).toContain('this.next() was called after step start of Late had returned');
  });

  test('throws in a constructor', () => {
    class Early extends FlowSpec {
      start = step();
      constructor() {
        super();
        this.next(this.start);
      }
    }
    expect(() => makeTask(Early)).toThrow('this.next() was called in the constructor of Early');
  });

  test('is missed when a step returns without it', async () => {
    class Forgetful extends FlowSpec {
      start = step();
      end = step();
    }
    await expect(runStart(Forgetful)).rejects.toThrow(
      'Step start of Forgetful returned without having called this.next()',
    );
  });

  test('is refused at the end', async () => {
    class Endless extends FlowSpec {
      start = step(() => this.next(this.end));
      end = step(() => {
        this.next(this.start);
      });
    }
    await expect(makeTask(Endless).task.run('end')).rejects.toThrow('nothing follows the end');
  });
});

describe('parameter reads', () => {
  const TWO = { a: parameter.integer({ default: 1 }), b: parameter.integer({ default: 2 }) };
  const parameters = { a: 1, b: 2 };

  test('are those of the step body', async () => {
    class Reading extends FlowSpec.with(TWO) {
      sum = 0;
      start = step(() => {
        this.sum = this.b;
        this.next(this.end);
      });
      end = step();
    }
    expect((await runStart(Reading, { parameters })).parameterReads).toEqual(['b']);
  });

  test('are those of the initialisers of fields that the task has', async () => {
    class Initialised extends FlowSpec.with(TWO) {
      doubled = this.b * 2;
      start = step(() => this.next(this.end));
      end = step();
    }
    expect((await runStart(Initialised, { parameters })).parameterReads).toEqual(['b']);
  });

  test('follow a field that another initialiser reads', async () => {
    class Chained extends FlowSpec.with(TWO) {
      doubled = this.b * 2;
      twice = this.doubled;
      start = step(() => {
        this.doubled = 0;
        this.next(this.end);
      });
      end = step();
    }
    expect((await runStart(Chained, { parameters })).parameterReads).toEqual(['b']);
  });

  class Replaced extends FlowSpec.with(TWO) {
    doubled = this.b * 2;
    start = step(() => {
      this.doubled = 0;
      this.next(this.end);
    });
    end = step();
  }

  test('leave out an initial value that the step replaced', async () => {
    expect((await runStart(Replaced, { parameters })).parameterReads).toEqual([]);
  });

  test('leave out an initial value whose place an inherited artifact took', async () => {
    const { task } = makeTask(Replaced, { parameters, inherited: { doubled: 9 } });
    await task.run('end');
    expect(task.parameterReads).toEqual([]);
  });

  test('of a function that a field holds count when the field is read', async () => {
    class Functional extends FlowSpec.with(TWO) {
      scale = times(this.a);
      unused = times(this.b);
      result = 0;
      start = step(() => {
        this.result = this.scale(3);
        this.next(this.end);
      });
      end = step();
    }
    expect((await runStart(Functional, { parameters })).parameterReads).toEqual(['a']);
  });

  test('of a constructor count always', async () => {
    class Constructed extends FlowSpec.with(TWO) {
      #half: number;
      start = step(() => this.next(this.end));
      end = step();
      constructor() {
        super();
        this.#half = this.b / 2;
      }
      half(): number {
        return this.#half;
      }
    }
    expect((await runStart(Constructed, { parameters })).parameterReads).toEqual(['b']);
  });

  test('of private fields count always', async () => {
    class Hidden extends FlowSpec.with(TWO) {
      #half = this.b / 2;
      after = 1;
      start = step(() => {
        this.after = 2;
        this.next(this.end);
      });
      end = step();
      half(): number {
        return this.#half;
      }
    }
    expect((await runStart(Hidden, { parameters })).parameterReads).toEqual(['b']);
  });

  function times(factor: number): (value: number) => number {
    return (value) => value * factor;
  }
});

test('current cannot be read by an initialiser outside a task', () => {
  class Early extends FlowSpec {
    id = current.runId;
    start = step();
  }
  expect(() => makeTask(Early)).toThrow('current.runId is not known here: no task is running in this process');
});
