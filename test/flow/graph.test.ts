import { describe, expect, test } from 'vitest';
import { defineFlow } from '../../src/flow/definition.ts';
import { FlowSpec, type FlowClass } from '../../src/flow/flow-spec.ts';
import { readGraph, type Graph, type GraphStep } from '../../src/flow/graph.ts';
import { join } from '../../src/flow/join.ts';
import { parameter } from '../../src/flow/parameter.ts';
import { step, type StepBody } from '../../src/flow/step.ts';

function graphOf(flowClass: FlowClass, parameters: Readonly<Record<string, unknown>> = {}): Graph {
  return readGraph(defineFlow(flowClass), parameters);
}

/** What is read of one step whose body this is. */
function stepOf(body: StepBody | undefined): GraphStep {
  class Flow extends FlowSpec {
    start = step(body);
    end = step();
  }
  const start = graphOf(Flow).steps.get('start');
  if (start === undefined) throw new TypeError('there is a start');
  return start;
}

/** A body as a user's file has it, layout and all. */
function bodyFrom(source: string): StepBody {
  // oxlint-disable-next-line typescript/no-implied-eval -- a formatter would lay out a literal function anew
  return new Function(`return ${source}`).call({}) as StepBody;
}

const TO_END = { kind: 'linear', steps: ['end'] };

test('a graph has the steps in the order of their definition, with their transitions', () => {
  class Three extends FlowSpec {
    start = step(() => this.next(this.middle));
    note = 'not a step';
    end = step();
    middle = step(() => this.next(this.end));
  }
  const { flowName, steps } = graphOf(Three);
  expect(flowName).toBe('Three');
  expect([...steps.values()].map(({ name, transition }) => [name, transition?.steps])).toEqual([
    ['start', ['middle']],
    ['end', undefined],
    ['middle', ['end']],
  ]);
});

test('a graph keeps the place of a step that a subclass gives another body', () => {
  class Base extends FlowSpec {
    start = step(() => this.next(this.end));
    end = step();
  }
  class Derived extends Base {
    middle = step(() => this.next(this.end));
    override start = step(() => this.next(this.middle));
  }
  const { steps } = graphOf(Derived);
  expect([...steps.keys()]).toEqual(['start', 'end', 'middle']);
  expect(steps.get('start')?.transition?.steps).toEqual(['middle']);
});

test('a graph is read with the parameters it is given', () => {
  class Counted extends FlowSpec.with({ seconds: parameter.integer({ required: true }) }) {
    limit = this.seconds.toFixed();
    start = step();
  }
  expect(graphOf(Counted, { seconds: 3 }).steps.has('start')).toBe(true);
});

test('a flow whose initialiser throws is refused with the error and where it was', () => {
  class Broken extends FlowSpec.with({ path: parameter.string({ required: true }) }) {
    length = this.path.length;
    start = step();
  }
  expect(() => graphOf(Broken, { path: undefined })).toThrow(
    /^Broken could not be read: a field initialiser or the constructor threw at \S+graph\.test\.ts:\d+: TypeError: /,
  );
});

describe('a transition is found', () => {
  test.for([
    ['in an arrow function', '() => this.next(this.end)'],
    ['in an async arrow function', 'async () => { await 1; this.next(this.end); }'],
    ['in a function', 'function () { this.next(this.end); }'],
    ['in a method', '({ begin() { this.next(this.end); } }).begin'],
    ['in an async method', '({ async begin() { this.next(this.end); } }).begin'],
    [
      'in a private method',
      '(class { #begin() { this.next(this.end); } static of(x) { return x.#begin; } static it = this.of(new this()) }).it',
    ],
    ['in a method with a computed name', "({ ['be' + 'gin']() { this.next(this.end); } }).begin"],
    ['in a nested arrow function', '() => { [1].forEach(() => this.next(this.end)); }'],
    ['behind an alias of this', '() => { const self = this; self.next(self.end); }'],
    ['behind an alias of an alias', '() => { let a, b; b = this; a = b; a.next(b.end); }'],
    ['behind an alias in a nested function', '() => { const self = this; (function () { self.next(self.end); })(); }'],
    ['with optional chaining', '() => this?.next?.(this?.end)'],
    ['with names in brackets', "() => this['next'](this['end'])"],
    ['through super', '({ begin() { super.next(this.end); } }).begin'],
    ['beside private fields', '(class { #x; static it = function () { this.#x; this.next(this.end); } }).it'],
    ['beside regular expressions and templates', '() => { /this.next[(]/.test(`${1}`); this.next(this.end); }'],
  ] as const)('%s', ([, source]) => {
    expect(stepOf(bodyFrom(source))).toMatchObject({ source: 'read', transition: TO_END });
  });

  test('and not in a nested function with a this of its own', () => {
    expect(stepOf(bodyFrom('() => { (function () { this.next(this.end); }); }')).calls).toEqual([]);
  });

  test('and not in a class inside the step', () => {
    expect(
      stepOf(bodyFrom('() => { class X { y = this.next(this.end); z() { this.next(this.end); } } }')).calls,
    ).toEqual([]);
  });

  test('and not in a comment or a string', () => {
    expect(stepOf(bodyFrom('() => { /* this.next(this.end) */ return "this.next(this.end)"; }')).calls).toEqual([]);
  });
});

describe('a transition is read', () => {
  test.for([
    ['to branches', '() => this.next(this.a, this.b)', { kind: 'branch', steps: ['a', 'b'] }],
    ['with foreach', '() => this.next(this.a, { foreach: this.items })', { kind: 'foreach', steps: ['a'] }],
    [
      'with any expression for foreach',
      '() => { const self = this; self.next(self.a, { "foreach": [...x].map((y) => y + 1), allowEmpty: true }); }',
      { kind: 'foreach', steps: ['a'] },
    ],
    ['with a variable for foreach', '(foreach) => this.next(this.a, { foreach })', { kind: 'foreach', steps: ['a'] }],
    [
      'with cases',
      "() => this.next({ yes: this.a, 'no': this.b, 1: this.c, ['x-y']: this.a }, { condition: this.verdict })",
      { kind: 'switch', steps: ['a', 'b', 'c'], cases: { yes: 'a', no: 'b', 1: 'c', 'x-y': 'a' } },
    ],
  ] as const)('%s', ([, source, transition]) => {
    expect(stepOf(bodyFrom(source)).transition).toEqual(transition);
  });
});

describe('a transition is not understood', () => {
  test.for([
    ['options in a variable', '() => this.next(this.a, options)', ['a']],
    ['an option that there is not', '() => this.next(this.a, { foreach: this.items, each: 1 })', ['a', 'items']],
    ['options that are spread', '() => this.next(this.a, { foreach: this.items, ...more })', ['a', 'items']],
    ['options without foreach', '() => this.next(this.a, { allowEmpty: true })', ['a']],
    ['two steps with foreach', '() => this.next(this.a, this.b, { foreach: this.items })', ['a', 'b', 'items']],
    ['cases without a condition', '() => this.next({ yes: this.a, no: this.b })', ['a', 'b']],
    ['cases with a computed key', '() => this.next({ [x]: this.a, no: this.b }, { condition: 1 })', ['a', 'b']],
    ['cases that are spread', '() => this.next({ yes: this.a, ...more }, { condition: 1 })', ['a']],
    ['a case that is no step', '() => this.next({ yes: this.a, no: end }, { condition: 1 })', ['a']],
    ['a choice', '() => this.next(1 ? this.a : this.b)', ['a', 'b']],
    ['a variable', '() => { const { a } = this; this.next(a); }', []],
    ['a computed name', '() => this.next(this[name])', []],
    ['nothing', '() => this.next()', []],
    ['several in an array', '() => this.next(...[this.a])', ['a']],
  ] as const)('when it has %s', ([, source, mentions]) => {
    const { transition, calls } = stepOf(bodyFrom(source));
    expect(transition).toBeUndefined();
    expect(calls).toMatchObject([{ kind: 'unknown', mentions }]);
  });
});

describe('a graph tells which join closes', () => {
  test('branches and foreach transitions, one in the other', () => {
    class Nested extends FlowSpec {
      isDone = true;
      start = step(() => this.next(this.a, this.b));
      a = step(() => this.next(this.work, { foreach: [1, 2] }));
      work = step(() => this.next({ true: this.good, false: this.bad }, { condition: this.isDone }));
      good = step(() => this.next(this.inner));
      bad = step(() => this.next(this.inner));
      inner = join(() => this.next(this.outer));
      b = step(() => {
        this.next({ true: this.done, false: this.b }, { condition: this.isDone });
      });
      done = step(() => this.next(this.outer));
      outer = join(() => this.next(this.again, { foreach: ['x'] }));
      again = step(() => this.next(this.last));
      last = join(() => this.next(this.end));
      end = step();
    }
    const { joinOf, steps } = graphOf(Nested);
    expect(Object.fromEntries(joinOf)).toEqual({ start: 'outer', a: 'inner', outer: 'last' });
    expect([...steps.values()].flatMap(({ name, kind }) => (kind === 'join' ? [name] : []))).toEqual([
      'inner',
      'outer',
      'last',
    ]);
  });

  test('the same split when a switch goes back before it', () => {
    class Refining extends FlowSpec {
      isDone = true;
      start = step(() => this.next(this.split));
      split = step(() => this.next(this.a, this.b));
      a = step(() => this.next(this.merge));
      b = step(() => this.next(this.merge));
      merge = join(() => {
        this.next({ true: this.end, false: this.split }, { condition: this.isDone });
      });
      end = step();
    }
    expect(Object.fromEntries(graphOf(Refining).joinOf)).toEqual({ split: 'merge' });
  });

  test('nothing where a split is not joined', () => {
    class Open extends FlowSpec {
      start = step(() => this.next(this.a, this.b));
      a = step(() => this.next(this.merge));
      b = step(() => this.next(this.end));
      merge = join(() => this.next(this.end));
      end = step();
    }
    expect(graphOf(Open).joinOf.size).toBe(0);
  });
});

test('a step that is a bound function cannot be read', () => {
  expect(stepOf((() => undefined).bind(undefined))).toMatchObject({ source: 'bound', transition: undefined });
});

describe('the hash of a step', () => {
  const plain = "() => { const a = 'x'; this.next(this.end); }";

  test.for([
    ['white space', "()=>{const a='x';\n\n\t\tthis.next(  this.end\n)}"],
    ['comments', "() => { /* why */ const a = 'x'; // so\n this.next(this.end); }"],
    ['quotes, parentheses and semicolons', '() => { const a = ("x")\nthis.next((this.end)) }'],
  ] as const)('stays when %s change', ([, source]) => {
    expect(stepOf(bodyFrom(source)).sourceSha256).toBe(stepOf(bodyFrom(plain)).sourceSha256);
  });

  test.for([
    ['a string', "() => { const a = 'y'; this.next(this.end); }"],
    ['white space in a string', "() => { const a = 'x '; this.next(this.end); }"],
    ['a name', "() => { const b = 'x'; this.next(this.end); }"],
    ['async', "async () => { const a = 'x'; this.next(this.end); }"],
    ['the order', "() => { this.next(this.end); const a = 'x'; }"],
    ['a regular expression', '() => { const a = /x/; this.next(this.end); }'],
    ['a big integer', '() => { const a = 1n; this.next(this.end); }'],
  ] as const)('changes with %s', ([, source]) => {
    expect(stepOf(bodyFrom(source)).sourceSha256).not.toBe(stepOf(bodyFrom(plain)).sourceSha256);
  });

  test('tells big integers and regular expressions apart', () => {
    const hashes = ['1n', '2n', '/a/', '/b/', '/b/g', '`\\n`', '`\n`'].map(
      (value) => stepOf(bodyFrom(`() => String.raw(${value})`)).sourceSha256,
    );
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});
