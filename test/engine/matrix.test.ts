import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { flowFolder, type FlowFolder } from '../flow-folder.ts';
import { describedTasks } from './described-tasks.ts';

/** A flow, and what must come of it, worked out by hand. */
interface Shape {
  /** The body of the class, or all of it when it says more than `extends FlowSpec`. */
  readonly source: string;
  /** `name<parents` for every task that must exist, with names as in `DescribedTask`; in no order, but the parents of a join in that of its split. */
  readonly tasks: string;
  /** By task: all the artifacts that it must leave. */
  readonly artifacts: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly args?: readonly string[];
}

const LINES: Readonly<Record<string, Shape>> = {
  'only a start and an end': {
    source: `
      start = step(() => { this.x = 1; this.next(this.end); });
      end = step();
      x = 0;`,
    tasks: 'start< end<start',
    artifacts: { start: { x: 1 }, end: { x: 1 } },
  },
  'a chain of fifty steps': {
    source: `
      start = step(() => { this.next(this.s1); });
      ${range(1, 50)
        .map((n) => `s${n} = step(() => { this.sum += ${n}; this.next(this.${n === 50 ? 'end' : `s${n + 1}`}); });`)
        .join('\n')}
      end = step();
      sum = 0;`,
    tasks: `start< s1<start ${range(2, 50)
      .map((n) => `s${n}<s${n - 1}`)
      .join(' ')} end<s50`,
    artifacts: { start: { sum: 0 }, s10: { sum: 55 }, end: { sum: 1275 } },
  },
  'steps given in another order than they run': {
    source: `
      end = step(() => { this.way += ' end'; });
      c = step(() => { this.way += ' c'; this.next(this.end); });
      a = step(() => { this.way += ' a'; this.next(this.b); });
      way = 'way:';
      b = step(() => { this.way += ' b'; this.next(this.c); });
      start = step(() => { this.next(this.a); });`,
    tasks: 'start< a<start b<a c<b end<c',
    artifacts: { b: { way: 'way: a b' }, end: { way: 'way: a b c end' } },
  },
  'asynchronous steps': {
    source: `
      start = step(async () => { this.x = await Promise.resolve(1); await sleep(1); this.next(this.a); await sleep(1); this.x += 1; });
      a = step(async () => { for await (const n of [1, Promise.resolve(2)]) this.x += n; this.next(this.end); });
      end = step(async () => { await null; this.x *= 2; });
      x = 0;`,
    tasks: 'start< a<start end<a',
    artifacts: { start: { x: 2 }, a: { x: 5 }, end: { x: 10 } },
  },
  'artifacts overwritten, deleted and changed in place': {
    source: `
      start = step(() => { this.extra = 'here'; this.list.push(2); this.map.set('b', 2); this.next(this.a); });
      a = step(() => { delete this.extra; this.list.push(3); this.deep.one.two = 3; this.bytes[1] = 7; this.text = 'new'; this.next(this.b); });
      b = step(() => { this.list = this.list.toReversed(); this.map.delete('a'); this.next(this.end); });
      end = step();
      list = [1]; map = new Map([['a', 1]]); deep = { one: { two: 2 } }; bytes = new Uint8Array(2); text = 'old';`,
    tasks: 'start< a<start b<a end<b',
    artifacts: {
      start: {
        extra: 'here',
        list: [1, 2],
        map: new Map(Object.entries({ a: 1, b: 2 })),
        deep: { one: { two: 2 } },
        bytes: new Uint8Array(2),
        text: 'old',
      },
      a: {
        list: [1, 2, 3],
        map: new Map(Object.entries({ a: 1, b: 2 })),
        deep: { one: { two: 3 } },
        bytes: new Uint8Array([0, 7]),
        text: 'new',
      },
      end: {
        list: [3, 2, 1],
        map: new Map(Object.entries({ b: 2 })),
        deep: { one: { two: 3 } },
        bytes: new Uint8Array([0, 7]),
        text: 'new',
      },
    },
  },
  'initial values, getters, setters, methods and private fields': {
    source: `
      #calls = 0;
      count = 1;
      client = { fetch: () => 'fetched' };
      helper = () => this.count;
      missing: undefined;
      get double() { return this.count * 2; }
      set double(value: number) { this.count = value / 2; }
      bump() { this.#calls += 1; this.count += this.#calls; }
      start = step(() => { this.bump(); this.bump(); this.next(this.a); });
      a = step(() => { this.bump(); this.got = this.client.fetch() + this.helper() + this.double; this.next(this.end); });
      end = step(() => { this.double = 100; });`,
    tasks: 'start< a<start end<a',
    artifacts: {
      start: { count: 4, missing: undefined },
      a: { count: 5, got: 'fetched510', missing: undefined },
      end: { count: 50, got: 'fetched510', missing: undefined },
    },
  },
  'a subclass that gives a step another body and adds one': {
    source: `
      class Base extends FlowSpec.with({ factor: parameter.integer({ default: 3 }) }) {
        x = this.factor;
        start = step(() => { this.x += 1; this.next(this.middle); });
        middle = step(() => { this.x = -1; this.next(this.end); });
        end = step(() => { this.last = this.name(); });
        last = '';
        name() { return 'base'; }
      }
      export class Sample extends Base {
        added = step(() => { this.x *= 10; this.next(this.end); });
        override middle = step(() => { this.x *= 2; this.next(this.added); });
        override name() { return 'sample of ' + super.name(); }
      }`,
    tasks: 'start< middle<start added<middle end<added',
    artifacts: { middle: { x: 8, last: '' }, end: { x: 80, last: 'sample of base' } },
  },
};

const BRANCHES: Readonly<Record<string, Shape>> = {
  'a branch of two': {
    source: `
      start = step(() => { this.x = 1; this.next(this.a, this.b); });
      a = step(() => { this.x += 10; this.next(this.merge); });
      b = step(() => { this.x += 20; this.next(this.merge); });
      merge = join((inputs) => {
        this.sum = inputs.get('a').x + inputs.get('b').x;
        this.order = [...inputs].map((input) => input.x);
        this.next(this.end);
      });
      end = step();
      x = 0; sum = 0; order = [];`,
    tasks: 'start< a<start b<start merge<a,b end<merge',
    artifacts: { a: { x: 11, sum: 0, order: [] }, end: { x: 0, sum: 32, order: [11, 21] } },
  },
  'a branch of three whose paths have different lengths': {
    source: `
      start = step(() => { this.next(this.a, this.b, this.c); });
      a = step(() => { this.x = 'a'; this.next(this.a2); });
      a2 = step(() => { this.x += '2'; this.next(this.merge); });
      b = step(() => { this.x = 'b'; this.next(this.merge); });
      c = step(() => { this.x = 'c'; this.next(this.merge); });
      merge = join((inputs) => { this.all = [...inputs].map((input) => input.x); this.first = inputs.get('a').x; this.next(this.end); });
      end = step();
      x = '';`,
    tasks: 'start< a<start a2<a b<start c<start merge<a2,b,c end<merge',
    artifacts: { end: { x: '', all: ['a2', 'b', 'c'], first: 'a2' } },
  },
  'a branch of five, named against the order of their definition': {
    source: `
      a = step(() => { this.x = 'a'; this.next(this.merge); });
      b = step(() => { this.x = 'b'; this.next(this.merge); });
      c = step(() => { this.x = 'c'; this.next(this.merge); });
      d = step(() => { this.x = 'd'; this.next(this.merge); });
      e = step(() => { this.x = 'e'; this.next(this.merge); });
      start = step(() => { this.next(this.e, this.a, this.d, this.b, this.c); });
      merge = join((inputs) => { this.all = inputs.map(({ x }) => x).join(''); this.next(this.end); });
      end = step();`,
    tasks: 'start< a<start b<start c<start d<start e<start merge<e,a,d,b,c end<merge',
    artifacts: { end: { all: 'eadbc' } },
  },
  'a branch within a branch': {
    source: `
      start = step(() => { this.next(this.a, this.b); });
      a = step(() => { this.next(this.a1, this.a2); });
      a1 = step(() => { this.n = 1; this.next(this.inner); });
      a2 = step(() => { this.n = 2; this.next(this.inner); });
      inner = join((inputs) => { this.n = [...inputs].reduce((sum, { n }) => sum + n, 0); this.next(this.outer); });
      b = step(() => { this.n = 10; this.next(this.outer); });
      outer = join((inputs) => { this.n = [...inputs].reduce((sum, { n }) => sum + n, 0); this.next(this.end); });
      end = step();
      n = 0;`,
    tasks: 'start< a<start b<start a1<a a2<a inner<a1,a2 outer<inner,b end<outer',
    artifacts: { inner: { n: 3 }, end: { n: 13 } },
  },
  'branches three deep, each closed right after the one inside': {
    source: `
      start = step(() => { this.next(this.a, this.z); });
      a = step(() => { this.next(this.b, this.y); });
      b = step(() => { this.next(this.c, this.x); });
      c = step(() => { this.t = 'c'; this.next(this.j3); });
      x = step(() => { this.t = 'x'; this.next(this.j3); });
      y = step(() => { this.t = 'y'; this.next(this.j2); });
      z = step(() => { this.t = 'z'; this.next(this.j1); });
      j3 = join((inputs) => { this.t = inputs.get('c').t + inputs.get('x').t; this.next(this.j2); });
      j2 = join((inputs) => { this.t = inputs.get('b').t + inputs.get('y').t; this.next(this.j1); });
      j1 = join((inputs) => { this.t = inputs.get('a').t + inputs.get('z').t; this.next(this.end); });
      end = step();`,
    tasks: 'start< a<start z<start b<a y<a c<b x<b j3<c,x j2<j3,y j1<j2,z end<j1',
    artifacts: { j3: { t: 'cx' }, j2: { t: 'cxy' }, end: { t: 'cxyz' } },
  },
  'two splits after each other': {
    source: `
      start = step(() => { this.next(this.a, this.b); });
      a = step(() => { this.n = 1; this.next(this.j1); });
      b = step(() => { this.n = 2; this.next(this.j1); });
      j1 = join((inputs) => { this.n = inputs[0].n + inputs[1].n; this.next(this.between); });
      between = step(() => { this.next(this.c, this.d); });
      c = step(() => { this.n += 10; this.next(this.j2); });
      d = step(() => { this.n += 20; this.next(this.j2); });
      j2 = join((inputs) => { this.n = inputs[0].n + inputs[1].n; this.next(this.end); });
      end = step();`,
    tasks: 'start< a<start b<start j1<a,b between<j1 c<between d<between j2<c,d end<j2',
    artifacts: { between: { n: 3 }, end: { n: 36 } },
  },
  'a join that splits again at once, into branches and then over items': {
    source: `
      start = step(() => { this.next(this.a, this.b); });
      a = step(() => { this.n = 1; this.next(this.j1); });
      b = step(() => { this.n = 2; this.next(this.j1); });
      j1 = join((inputs) => { this.n = inputs[0].n + inputs[1].n; this.next(this.c, this.d); });
      c = step(() => { this.n += 10; this.next(this.j2); });
      d = step(() => { this.n += 20; this.next(this.j2); });
      j2 = join((inputs) => { this.n = inputs[0].n + inputs[1].n; this.next(this.each, { foreach: [this.n, -1] }); });
      each = step((item) => { this.got = item * 2; this.next(this.j3); });
      j3 = join((inputs) => { this.all = inputs.map(({ got, n }) => [got, n]); this.next(this.end); });
      end = step();`,
    tasks: 'start< a<start b<start j1<a,b c<j1 d<j1 j2<c,d each[0]<j2 each[1]<j2 j3<each[0],each[1] end<j3',
    artifacts: {
      j1: { n: 3 },
      j2: { n: 36 },
      'each[1]': { n: 36, got: -2 },
      end: {
        all: [
          [72, 36],
          [-2, 36],
        ],
      },
    },
  },
};

const FOREACHES: Readonly<Record<string, Shape>> = {
  'a foreach over an array': {
    source: `
      start = step(() => { this.next(this.work, { foreach: ['x', 'y', 'z'] }); });
      work = step((item) => { this.got = item + current.index; this.next(this.merge); });
      merge = join((inputs) => { this.all = [...inputs].map(({ got }) => got); this.second = inputs[1].got; this.next(this.end); });
      end = step();`,
    tasks: 'start< work[0]<start work[1]<start work[2]<start merge<work[0],work[1],work[2] end<merge',
    artifacts: { 'work[2]': { got: 'z2' }, end: { all: ['x0', 'y1', 'z2'], second: 'y1' } },
  },
  'a foreach over a Set of dates, of which one repeats': overItems(`new Set([new Date(1), new Date(1), new Date(2)])`, [
    new Date(1),
    new Date(1),
    new Date(2),
  ]),
  'a foreach over a Map': overItems(`new Map([['a', { n: 1 }], ['b', { n: 2 }]])`, [
    ['a', { n: 1 }],
    ['b', { n: 2 }],
  ]),
  'a foreach over a generator': overItems(`(function* () { yield 3; yield* [2, 1]; return 0; })()`, [3, 2, 1]),
  'a foreach over a string, by its characters': overItems(`'añ🙂'`, ['a', 'ñ', '🙂']),
  'a foreach over a typed array': overItems(`new Float32Array([0.5, -1, Infinity])`, [0.5, -1, Infinity]),
  'a foreach over an iterable of the own making': overItems(
    `{ [Symbol.iterator]() { let n = 0; return { next: () => ({ done: n === 2, value: 'n' + n++ }) }; } }`,
    ['n0', 'n1'],
  ),
  'a foreach over what an iterator helper filtered': overItems(
    `[1, 2, 3, 4].values().filter((n) => n % 2 === 0).map((n) => ({ n }))`,
    [{ n: 2 }, { n: 4 }],
  ),
  'a foreach over all that can be stored': overItems(
    `[undefined, null, NaN, -0, 12n ** 20n, 'text', [[]], new Map([[{}, new Set([1])]]), /x\\/y/gi, new URL('https://a.example/?b'), new Date(NaN), Object.create(null)]`,
    [
      undefined,
      null,
      NaN,
      -0,
      12n ** 20n,
      'text',
      [[]],
      new Map([[{}, new Set([1])]]),
      /x\/y/gi,
      new URL('https://a.example/?b'),
      new Date(NaN),
      Object.create(null),
    ],
  ),
  'a foreach over a single item': overItems('[[]]', [[]]),
  'a foreach over one object again and again, which one child changes': {
    source: `
      start = step(() => { const one = { n: 1 }; this.one = one; this.next(this.work, { foreach: [one, one, one] }); });
      work = step((item) => { if (current.index === 0) item.n = 100; this.got = item.n; this.one.n += 1; this.next(this.merge); });
      merge = join((inputs) => { this.all = inputs.map(({ got, one }) => [got, one.n]); this.next(this.end); });
      end = step();`,
    args: ['--max-workers=1'],
    tasks: 'start< work[0]<start work[1]<start work[2]<start merge<work[0],work[1],work[2] end<merge',
    artifacts: {
      start: { one: { n: 1 } },
      end: {
        all: [
          [100, 2],
          [1, 2],
          [1, 2],
        ],
      },
    },
  },
  'a foreach over a parameter': {
    source: `
      export class Sample extends FlowSpec.with({ names: parameter.json({ default: [] }) }) {
        start = step(() => { this.next(this.work, { foreach: this.names }); });
        work = step((name) => { this.got = name.toUpperCase() + this.names.length; this.next(this.merge); });
        merge = join((inputs) => { this.all = inputs.map(({ got }) => got); this.next(this.end); });
        end = step();
      }`,
    args: ['--names=["ada","bob"]'],
    tasks: 'start< work[0]<start work[1]<start merge<work[0],work[1] end<merge',
    artifacts: { 'work[1]': { got: 'BOB2' }, end: { all: ['ADA2', 'BOB2'] } },
  },
  'a foreach of 100, as many as are allowed': wide(100),
  'a foreach of 300, with the limit raised': { ...wide(300), args: ['--max-num-splits=300'] },
  'a foreach within a foreach, with several steps': {
    source: `
      start = step(() => { this.next(this.outer, { foreach: [2, 3] }); });
      outer = step((size) => { this.size = size; this.next(this.inner, { foreach: Array.from({ length: size }, (_, i) => i) }); });
      inner = step((i) => { this.at = current.foreachStack.map(({ index, count, value }) => index + '/' + count + '=' + value).join(' ') + ' ' + i; this.next(this.after); });
      after = step(() => { this.next(this.join1); });
      join1 = join((inputs) => { this.list = [...inputs].map(({ at }) => at); this.next(this.join2); });
      join2 = join((inputs) => { this.list = [...inputs].flatMap(({ list }) => list); this.next(this.end); });
      end = step();`,
    tasks: `start< outer[0]<start outer[1]<start
      inner[0.0]<outer[0] inner[0.1]<outer[0] inner[1.0]<outer[1] inner[1.1]<outer[1] inner[1.2]<outer[1]
      after[0.0]<inner[0.0] after[0.1]<inner[0.1] after[1.0]<inner[1.0] after[1.1]<inner[1.1] after[1.2]<inner[1.2]
      join1[0]<after[0.0],after[0.1] join1[1]<after[1.0],after[1.1],after[1.2] join2<join1[0],join1[1] end<join2`,
    artifacts: {
      'after[1.0]': { size: 3, at: '1/2=3 0/3=0 0' },
      'join1[0]': { list: ['0/2=2 0/2=0 0', '0/2=2 1/2=1 1'] },
      end: {
        list: ['0/2=2 0/2=0 0', '0/2=2 1/2=1 1', '1/2=3 0/3=0 0', '1/2=3 1/3=1 1', '1/2=3 2/3=2 2'],
      },
    },
  },
  'foreaches three deep, of unequal sizes': {
    source: `
      start = step(() => { this.next(this.a, { foreach: [[1], [2, 1]] }); });
      a = step((sizes) => { this.next(this.b, { foreach: sizes }); });
      b = step((size) => { this.next(this.c, { foreach: 'xyz'.slice(0, size) }); });
      c = step((letter) => { this.t = letter; this.next(this.jc); });
      jc = join((inputs) => { this.t = '(' + inputs.map(({ t }) => t).join('') + ')'; this.next(this.jb); });
      jb = join((inputs) => { this.t = '[' + inputs.map(({ t }) => t).join('') + ']'; this.next(this.ja); });
      ja = join((inputs) => { this.t = inputs.map(({ t }) => t).join(''); this.next(this.end); });
      end = step();`,
    tasks: `start< a[0]<start a[1]<start b[0.0]<a[0] b[1.0]<a[1] b[1.1]<a[1]
      c[0.0.0]<b[0.0] c[1.0.0]<b[1.0] c[1.0.1]<b[1.0] c[1.1.0]<b[1.1]
      jc[0.0]<c[0.0.0] jc[1.0]<c[1.0.0],c[1.0.1] jc[1.1]<c[1.1.0]
      jb[0]<jc[0.0] jb[1]<jc[1.0],jc[1.1] ja<jb[0],jb[1] end<ja`,
    artifacts: { 'jc[1.0]': { t: '(xy)' }, 'jb[1]': { t: '[(xy)(x)]' }, end: { t: '[(x)][(xy)(x)]' } },
  },
  'a branch within a foreach': {
    source: `
      start = step(() => { this.next(this.each, { foreach: [1, 2] }); });
      each = step((n) => { this.n = n; this.next(this.a, this.b); });
      a = step((item) => { this.m = this.n * 10 + Number(item === undefined); this.next(this.inner); });
      b = step(() => { this.m = this.n * 100 + current.index; this.next(this.inner); });
      inner = join((inputs) => { this.m = inputs.get('a').m + inputs.get('b').m; this.next(this.outer); });
      outer = join((inputs) => { this.all = [...inputs].map(({ m }) => m); this.next(this.end); });
      end = step();`,
    tasks: `start< each[0]<start each[1]<start a[0]<each[0] b[0]<each[0] a[1]<each[1] b[1]<each[1]
      inner[0]<a[0],b[0] inner[1]<a[1],b[1] outer<inner[0],inner[1] end<outer`,
    artifacts: { 'b[1]': { n: 2, m: 201 }, 'inner[0]': { m: 111 }, end: { all: [111, 222] } },
  },
  'a foreach within one branch of two': {
    source: `
      start = step(() => { this.next(this.many, this.one); });
      many = step(() => { this.next(this.each, { foreach: [1, 2] }); });
      each = step((n) => { this.n = n; this.next(this.inner); });
      inner = join((inputs) => { this.n = inputs[0].n + inputs[1].n; this.next(this.outer); });
      one = step(() => { this.n = 10; this.next(this.outer); });
      outer = join((inputs) => { this.n = inputs.get('many').n * inputs.get('one').n; this.next(this.end); });
      end = step();`,
    tasks: `start< many<start one<start each[0]<many each[1]<many inner<each[0],each[1] outer<inner,one end<outer`,
    artifacts: { inner: { n: 3 }, end: { n: 30 } },
  },
  'a foreach within a branch within a foreach': {
    source: `
      start = step(() => { this.next(this.group, { foreach: ['p', 'q'] }); });
      group = step((name) => { this.t = name; this.next(this.many, this.one); });
      many = step(() => { this.next(this.each, { foreach: [1, 2] }); });
      each = step((n) => { this.t += n; this.next(this.j3); });
      j3 = join((inputs) => { this.t = inputs.map(({ t }) => t).join(); this.next(this.j2); });
      one = step(() => { this.t += '!'; this.next(this.j2); });
      j2 = join((inputs) => { this.t = inputs.map(({ t }) => t).join(' '); this.next(this.j1); });
      j1 = join((inputs) => { this.t = inputs.map(({ t }) => t).join(' / '); this.next(this.end); });
      end = step();`,
    tasks: `start< ${[0, 1]
      .map(
        (
          g,
        ) => `group[${g}]<start many[${g}]<group[${g}] one[${g}]<group[${g}] each[${g}.0]<many[${g}] each[${g}.1]<many[${g}]
          j3[${g}]<each[${g}.0],each[${g}.1] j2[${g}]<j3[${g}],one[${g}]`,
      )
      .join(' ')} j1<j2[0],j2[1] end<j1`,
    artifacts: { 'j3[1]': { t: 'q1,q2' }, end: { t: 'p1,p2 p! / q1,q2 q!' } },
  },
};

const EMPTY_FOREACHES: Readonly<Record<string, Shape>> = {
  'an empty foreach that is allowed': {
    source: `
      start = step(() => { this.kept = 'from start'; this.next(this.work, { foreach: [], allowEmpty: true }); });
      work = step(() => { this.next(this.merge); });
      merge = join((inputs) => { this.count = inputs.length; this.next(this.end); });
      end = step();
      kept = 'initial';`,
    tasks: 'start< merge<start end<merge',
    artifacts: { start: { kept: 'from start' }, end: { kept: 'initial', count: 0 } },
  },
  'a foreach that a filter left empty, with a mergeArtifacts of nothing': {
    source: `
      start = step(() => { this.next(this.work, { foreach: [1, 3].values().filter((n) => n % 2 === 0), allowEmpty: true }); });
      work = step(() => { this.next(this.between); });
      between = step(() => { this.next(this.merge); });
      merge = join((inputs) => { this.mergeArtifacts(inputs); this.sum = inputs.reduce((sum, { n }) => sum + n, 0); this.next(this.end); });
      end = step();`,
    tasks: 'start< merge<start end<merge',
    artifacts: { end: { sum: 0 } },
  },
  'an empty foreach whose join merges what was there before': {
    source: `
      start = step(() => { this.kept = 'from start'; this.left = 1; this.list.push('x'); this.next(this.work, { foreach: [], allowEmpty: true }); });
      work = step(() => { this.next(this.merge); });
      merge = join((inputs) => { this.sum = 7; this.mergeArtifacts(inputs, { exclude: ['left'] }); this.seen = this.kept; this.next(this.end); });
      end = step();
      kept = 'initial';
      list = [];
      sum = 3;`,
    tasks: 'start< merge<start end<merge',
    artifacts: {
      start: { kept: 'from start', left: 1, list: ['x'], sum: 3 },
      end: { kept: 'from start', list: ['x'], sum: 7, seen: 'from start' },
    },
  },
  'a foreach that allows for nothing and has something': {
    source: `
      start = step(() => { this.next(this.work, { foreach: [5], allowEmpty: true }); });
      work = step((n) => { this.n = n; this.next(this.merge); });
      merge = join((inputs) => { this.all = inputs.map(({ n }) => n); this.next(this.end); });
      end = step();`,
    tasks: 'start< work[0]<start merge<work[0] end<merge',
    artifacts: { end: { all: [5] } },
  },
  'inner foreaches of which some are empty': {
    source: `
      start = step(() => { this.next(this.outer, { foreach: [0, 2, 0] }); });
      outer = step((size) => { this.next(this.inner, { foreach: 'ab'.slice(0, size), allowEmpty: true }); });
      inner = step((letter) => { this.t = letter; this.next(this.j2); });
      j2 = join((inputs) => { this.t = inputs.length + inputs.map(({ t }) => t).join(''); this.at = current.index; this.next(this.j1); });
      j1 = join((inputs) => { this.all = inputs.map(({ t, at }) => at + ':' + t); this.next(this.end); });
      end = step();`,
    tasks: `start< outer[0]<start outer[1]<start outer[2]<start inner[1.0]<outer[1] inner[1.1]<outer[1]
      j2[0]<outer[0] j2[1]<inner[1.0],inner[1.1] j2[2]<outer[2] j1<j2[0],j2[1],j2[2] end<j1`,
    artifacts: { 'j2[2]': { t: '0', at: 2 }, end: { all: ['0:0', '1:2ab', '2:0'] } },
  },
  'an outer foreach that is empty': {
    source: `
      start = step(() => { this.next(this.outer, { foreach: new Set(), allowEmpty: true }); });
      outer = step(() => { this.next(this.inner, { foreach: [1] }); });
      inner = step(() => { this.next(this.j2); });
      j2 = join(() => { this.next(this.j1); });
      j1 = join((inputs) => { this.count = inputs.length; this.next(this.end); });
      end = step();`,
    tasks: 'start< j1<start end<j1',
    artifacts: { end: { count: 0 } },
  },
  'an empty foreach in one branch, whose join goes right into the next': {
    source: `
      start = step(() => { this.next(this.none, this.some); });
      none = step(() => { this.next(this.work, { foreach: [], allowEmpty: true }); });
      some = step(() => { this.n = 1; this.next(this.outer); });
      work = step(() => { this.next(this.inner); });
      inner = join((inputs) => { this.n = inputs.length; this.next(this.outer); });
      outer = join((inputs) => { this.all = [inputs.get('none').n, inputs.get('some').n]; this.next(this.end); });
      end = step();`,
    tasks: 'start< none<start some<start inner<none outer<inner,some end<outer',
    artifacts: { end: { all: [0, 1] } },
  },
  'an empty foreach from a join, whose join splits again': {
    source: `
      start = step(() => { this.next(this.a, this.b); });
      a = step(() => { this.next(this.j1); });
      b = step(() => { this.next(this.j1); });
      j1 = join((inputs) => { this.next(this.work, { foreach: inputs.filter(() => false).map(() => 1), allowEmpty: true }); });
      work = step(() => { this.next(this.j2); });
      j2 = join((inputs) => { this.next(this.more, { foreach: [inputs.length, 'x'] }); });
      more = step((item) => { this.item = item; this.next(this.j3); });
      j3 = join((inputs) => { this.all = inputs.map(({ item }) => item); this.next(this.end); });
      end = step();`,
    tasks: 'start< a<start b<start j1<a,b j2<j1 more[0]<j2 more[1]<j2 j3<more[0],more[1] end<j3',
    artifacts: { end: { all: [0, 'x'] } },
  },
};

const JOINS: Readonly<Record<string, Shape>> = {
  'a join that merges what the branches agree on': {
    source: `
      start = step(() => { this.common = [1]; this.next(this.a, this.b); });
      a = step(() => { this.fromA = 'a'; this.mine = 1; this.next(this.merge); });
      b = step(() => { this.fromB = 'b'; this.mine = 2; this.next(this.merge); });
      merge = join((inputs) => { this.mine = 3; this.mergeArtifacts(inputs); this.next(this.end); });
      end = step();
      common = []; mine = 0; initial = 'same';`,
    tasks: 'start< a<start b<start merge<a,b end<merge',
    artifacts: {
      b: { common: [1], fromB: 'b', mine: 2, initial: 'same' },
      end: { common: [1], fromA: 'a', fromB: 'b', mine: 3, initial: 'same' },
    },
  },
  'a join that merges only what it includes': {
    source: `
      start = step(() => { this.common = 1; this.other = 2; this.next(this.a, this.b); });
      a = step(() => { this.fromA = 'a'; this.clash = 1; this.next(this.merge); });
      b = step(() => { this.fromB = 'b'; this.clash = 2; this.next(this.merge); });
      merge = join((inputs) => { this.mergeArtifacts(inputs, { include: ['common', 'fromA'] }); this.next(this.end); });
      end = step();`,
    tasks: 'start< a<start b<start merge<a,b end<merge',
    artifacts: { end: { common: 1, fromA: 'a' } },
  },
  'a join that merges all but what it excludes': {
    source: `
      start = step(() => { this.common = 1; this.next(this.a, this.b); });
      a = step(() => { this.fromA = 'a'; this.clash = 1; this.next(this.merge); });
      b = step(() => { this.fromB = 'b'; this.clash = 2; this.next(this.merge); });
      merge = join((inputs) => { this.mergeArtifacts(inputs, { exclude: ['clash', 'fromB'] }); this.next(this.end); });
      end = step();`,
    tasks: 'start< a<start b<start merge<a,b end<merge',
    artifacts: { end: { common: 1, fromA: 'a' } },
  },
  'a join that resolves conflicts, and changes in place what it merged': {
    source: `
      start = step(() => { this.list = [1]; this.next(this.each, { foreach: [3, 9, 5] }); });
      each = step((n) => { this.score = n; this.note = 'n' + n; this.next(this.merge); });
      merge = join((inputs) => {
        this.score = Math.max(...inputs.map(({ score }) => score));
        this.note = inputs.find(({ score }) => score === this.score).note;
        this.mergeArtifacts(inputs);
        this.list.push(inputs.length);
        this.next(this.end);
      });
      end = step();`,
    tasks: 'start< each[0]<start each[1]<start each[2]<start merge<each[0],each[1],each[2] end<merge',
    artifacts: { 'each[1]': { list: [1], score: 9, note: 'n9' }, end: { list: [1, 3], score: 9, note: 'n9' } },
  },
  'a join that merges the winner of its inputs only': {
    source: `
      start = step(() => { this.next(this.a, this.b); });
      a = step(() => { this.model = { by: 'a' }; this.score = 0.5; this.next(this.merge); });
      b = step(() => { this.model = { by: 'b' }; this.score = 0.9; this.next(this.merge); });
      merge = join((inputs) => { this.mergeArtifacts(inputs.toSorted((x, y) => y.score - x.score).slice(0, 1)); this.next(this.end); });
      end = step();`,
    tasks: 'start< a<start b<start merge<a,b end<merge',
    artifacts: { end: { model: { by: 'b' }, score: 0.9 } },
  },
  'a join that takes its inputs by name, by index and by iteration': {
    source: `
      start = step(() => { this.next(this.b, this.a); });
      a = step(() => { this.x = 'a'; this.next(this.a2); });
      a2 = step(() => { this.x += '2'; this.next(this.merge); });
      b = step(() => { this.x = 'b'; this.next(this.merge); });
      merge = join((inputs) => {
        const iterated = [];
        for (const input of inputs) iterated.push(input.x);
        this.seen = [inputs.get('a').x, inputs.get('b').x, inputs[0].x, inputs[1].x, inputs.length, inputs[2], iterated, 'x' in inputs[0], Object.keys(inputs[1])];
        this.next(this.end);
      });
      end = step();`,
    tasks: 'start< b<start a<start a2<a merge<b,a2 end<merge',
    artifacts: { end: { seen: ['a2', 'b', 'b', 'a2', 2, undefined, ['b', 'a2'], true, ['x']] } },
  },
  'artifacts that nobody looks at, passed on through two joins': {
    source: `
      start = step(() => { this.big = new Uint8Array(50_000).fill(7); this.next(this.outer, { foreach: [1, 2] }); });
      outer = step(() => { this.next(this.a, this.b); });
      a = step(() => { this.next(this.j2); });
      b = step(() => { this.next(this.j2); });
      j2 = join((inputs) => { this.mergeArtifacts(inputs); this.next(this.j1); });
      j1 = join((inputs) => { this.mergeArtifacts(inputs); this.next(this.end); });
      end = step(() => { this.sum = this.big.reduce((sum, n) => sum + n, 0); });`,
    tasks: `start< outer[0]<start outer[1]<start a[0]<outer[0] b[0]<outer[0] a[1]<outer[1] b[1]<outer[1]
      j2[0]<a[0],b[0] j2[1]<a[1],b[1] j1<j2[0],j2[1] end<j1`,
    artifacts: { end: { big: new Uint8Array(50_000).fill(7), sum: 350_000 } },
  },
  'a join that begins again with initial values, also those made from a parameter': {
    source: `
      export class Sample extends FlowSpec.with({ base: parameter.integer({ default: 5 }) }) {
        n = this.base * 2;
        list = [this.base];
        start = step(() => { this.n += 1; this.list.push(6); this.next(this.a, this.b); });
        a = step(() => { this.next(this.merge); });
        b = step(() => { this.next(this.merge); });
        merge = join((inputs) => { this.before = inputs[0].n + inputs[1].base; this.next(this.end); });
        end = step();
      }`,
    args: ['--base=7'],
    tasks: 'start< a<start b<start merge<a,b end<merge',
    artifacts: { a: { n: 15, list: [7, 6] }, end: { n: 14, list: [7], before: 22 } },
  },
};

const SWITCHES: Readonly<Record<string, Shape>> = {
  'a switch by a string': {
    source: `
      start = step(() => { this.next({ yes: this.a, no: this.b }, { condition: 'no' }); });
      a = step(() => { this.way = 'a'; this.next(this.end); });
      b = step(() => { this.way = 'b'; this.next(this.end); });
      end = step();
      way = '';`,
    tasks: 'start< b<start end<b',
    artifacts: { end: { way: 'b' } },
  },
  'a switch by a boolean': {
    source: `
      start = step(() => { this.next({ true: this.a, false: this.b }, { condition: 1 < 2 }); });
      a = step(() => { this.way = 'a'; this.next(this.end); });
      b = step(() => { this.way = 'b'; this.next(this.end); });
      end = step();`,
    tasks: 'start< a<start end<a',
    artifacts: { end: { way: 'a' } },
  },
  'a switch of three cases by a number': {
    source: `
      start = step(() => { this.n = 2; this.next({ 0: this.a, 1: this.b, 2: this.c }, { condition: this.n }); });
      a = step(() => { this.next(this.end); });
      b = step(() => { this.next(this.end); });
      c = step(() => { this.n *= 10; this.next(this.end); });
      end = step();`,
    tasks: 'start< c<start end<c',
    artifacts: { start: { n: 2 }, end: { n: 20 } },
  },
  'a switch with the end as one of its cases': {
    source: `
      start = step(() => { this.next({ done: this.end, 'not yet': this.more, never: this.end }, { condition: 'done' }); });
      more = step(() => { this.x = 1; this.next(this.end); });
      end = step(() => { this.x += 1; });
      x = 0;`,
    tasks: 'start< end<start',
    artifacts: { end: { x: 1 } },
  },
  'a switch whose cases meet again without a join': {
    source: `
      start = step(() => { this.next({ long: this.a, short: this.c }, { condition: 'long' }); });
      a = step(() => { this.x += 'a'; this.next(this.b); });
      b = step(() => { this.x += 'b'; this.next(this.c); });
      c = step(() => { this.x += 'c'; this.next(this.end); });
      end = step();
      x = '';`,
    tasks: 'start< a<start b<a c<b end<c',
    artifacts: { end: { x: 'abc' } },
  },
  'a switch within a foreach, with another choice for each item': {
    source: `
      start = step(() => { this.next(this.look, { foreach: ['odd', 'even', 'none', 'odd'] }); });
      look = step((kind) => { this.next({ odd: this.odd, even: this.even, none: this.meet }, { condition: kind }); });
      odd = step(() => { this.t = 'o' + current.index; this.next(this.meet); });
      even = step(() => { this.t = 'e' + current.index; this.next(this.also); });
      also = step(() => { this.t += '+'; this.next(this.meet); });
      meet = step(() => { this.next(this.merge); });
      merge = join((inputs) => { this.all = inputs.map(({ t }) => t); this.next(this.end); });
      end = step();
      t = '-';`,
    tasks: `start< look[0]<start look[1]<start look[2]<start look[3]<start
      odd[0]<look[0] even[1]<look[1] also[1]<even[1] odd[3]<look[3]
      meet[0]<odd[0] meet[1]<also[1] meet[2]<look[2] meet[3]<odd[3] merge<meet[0],meet[1],meet[2],meet[3] end<merge`,
    artifacts: { 'also[1]': { t: 'e1+' }, end: { t: '-', all: ['o0', 'e1+', '-', 'o3'] } },
  },
  'a switch in a branch, of which one case has a split of its own': {
    source: `
      start = step(() => { this.next(this.a, this.b); });
      a = step(() => { this.next({ split: this.s, plain: this.p }, { condition: 'split' }); });
      p = step(() => { this.t = 'p'; this.next(this.outer); });
      s = step(() => { this.next(this.s1, this.s2); });
      s1 = step(() => { this.t = '1'; this.next(this.inner); });
      s2 = step(() => { this.t = '2'; this.next(this.inner); });
      inner = join((inputs) => { this.t = inputs.map(({ t }) => t).join(''); this.next(this.outer); });
      b = step(() => { this.t = 'b'; this.next(this.outer); });
      outer = join((inputs) => { this.t = inputs.get('a').t + inputs.get('b').t; this.next(this.end); });
      end = step();`,
    tasks: 'start< a<start b<start s<a s1<s s2<s inner<s1,s2 outer<inner,b end<outer',
    artifacts: { end: { t: '12b' } },
  },
  'a join that is a switch': {
    source: `
      start = step(() => { this.next(this.a, this.b); });
      a = step(() => { this.n = 3; this.next(this.merge); });
      b = step(() => { this.n = 4; this.next(this.merge); });
      merge = join((inputs) => { this.sum = inputs[0].n + inputs[1].n; this.next({ true: this.big, false: this.end }, { condition: this.sum > 5 }); });
      big = step(() => { this.sum = -this.sum; this.next(this.end); });
      end = step();`,
    tasks: 'start< a<start b<start merge<a,b big<merge end<big',
    artifacts: { end: { sum: -7 } },
  },
};

const LOOPS: Readonly<Record<string, Shape>> = {
  'a step that could repeat itself and does not': repeating(0),
  'a step that repeats itself once': repeating(1),
  'a step that repeats itself thirty times': repeating(30),
  'a step that repeats itself to a tolerance': {
    source: `
      start = step(() => { this.next(this.refine); });
      refine = step(() => {
        this.root = (this.root + 2 / this.root) / 2;
        this.errors.push(Math.abs(this.root ** 2 - 2));
        this.next({ true: this.end, false: this.refine }, { condition: this.errors.at(-1) < 1e-9 });
      });
      end = step(() => { this.rounds = this.errors.length; delete this.errors; });
      root = 1; errors = [];`,
    tasks: 'start< refine<start refine#2<refine refine#3<refine#2 refine#4<refine#3 end<refine#4',
    artifacts: {
      refine: { root: 1.5, errors: [0.25] },
      end: { root: expect.closeTo(Math.SQRT2, 9), rounds: 4 },
    },
  },
  'a switch back over several steps': {
    source: `
      start = step(() => { this.next(this.draft); });
      draft = step(() => { this.t += 'd'; this.next(this.edit); });
      edit = step(() => { this.t += 'e'; this.next(this.review); });
      review = step(() => { this.n += 1; this.next({ good: this.end, fair: this.edit, poor: this.draft }, { condition: ['poor', 'fair', 'good'][this.n - 1] }); });
      end = step();
      t = ''; n = 0;`,
    tasks: `start< draft<start edit<draft review<edit draft#2<review edit#2<draft#2 review#2<edit#2
      edit#3<review#2 review#3<edit#3 end<review#3`,
    artifacts: { review: { t: 'de', n: 1 }, end: { t: 'dedee', n: 3 } },
  },
  'a loop within a foreach, of another length for each item': {
    source: `
      start = step(() => { this.next(this.again, { foreach: [2, 0, 1] }); });
      again = step((rounds) => { this.seen = [...this.seen, rounds]; this.next({ more: this.again, over: this.over }, { condition: this.seen.length > rounds ? 'over' : 'more' }); });
      over = step(() => { this.next(this.merge); });
      merge = join((inputs) => { this.all = inputs.map(({ seen }) => seen); this.next(this.end); });
      end = step();
      seen = [];`,
    tasks: `start< again[0]<start again[1]<start again[2]<start again[0]#2<again[0] again[0]#3<again[0]#2 again[2]#2<again[2]
      over[0]<again[0]#3 over[1]<again[1] over[2]<again[2]#2 merge<over[0],over[1],over[2] end<merge`,
    artifacts: { 'again[0]#2': { seen: [2, 2] }, end: { seen: [], all: [[2, 2, 2], [0], [1, 1]] } },
  },
  'a loop within a loop': {
    source: `
      start = step(() => { this.next(this.outer); });
      outer = step(() => { this.t += '('; this.n = 0; this.next(this.inner); });
      inner = step(() => { this.t += 'i'; this.n += 1; this.next({ true: this.inner, false: this.close }, { condition: this.n < 2 }); });
      close = step(() => { this.t += ')'; this.m += 1; this.next({ true: this.outer, false: this.end }, { condition: this.m < 2 }); });
      end = step();
      t = ''; n = 0; m = 0;`,
    tasks: `start< outer<start inner<outer inner#2<inner close<inner#2
      outer#2<close inner#3<outer#2 inner#4<inner#3 close#2<inner#4 end<close#2`,
    artifacts: { close: { t: '(ii)', n: 2, m: 1 }, end: { t: '(ii)(ii)', n: 2, m: 2 } },
  },
  'a loop around a foreach, of another size each time, whose join decides': {
    source: `
      start = step(() => { this.next(this.split); });
      split = step(() => { this.next(this.work, { foreach: Array.from({ length: 3 - this.round }, (_, i) => i) }); });
      work = step((i) => { this.got = this.round + '.' + i; this.next(this.merge); });
      merge = join((inputs) => {
        this.round = inputs[0].round + 1;
        this.all = [...inputs[0].all, ...inputs.map(({ got }) => got)];
        this.next({ true: this.split, false: this.end }, { condition: this.round < 3 });
      });
      end = step();
      round = 0; all = [];`,
    tasks: `start< split<start work[0]<split work[1]<split work[2]<split merge<work[0],work[1],work[2]
      split#2<merge work[0]#2<split#2 work[1]#2<split#2 merge#2<work[0]#2,work[1]#2
      split#3<merge#2 work[0]#3<split#3 merge#3<work[0]#3 end<merge#3`,
    artifacts: {
      merge: { round: 1, all: ['0.0', '0.1', '0.2'] },
      end: { round: 3, all: ['0.0', '0.1', '0.2', '1.0', '1.1', '2.0'] },
    },
  },
  'a loop around two branches within a foreach': {
    source: `
      start = step(() => { this.next(this.each, { foreach: [1, 2] }); });
      each = step((times) => { this.left = times; this.next(this.split); });
      split = step(() => { this.next(this.a, this.b); });
      a = step(() => { this.t += 'a'; this.next(this.inner); });
      b = step(() => { this.t += 'b'; this.next(this.inner); });
      inner = join((inputs) => { this.t = inputs[0].t + inputs[1].t.slice(-1); this.left = inputs[0].left - 1; this.next(this.check); });
      check = step(() => { this.next({ 0: this.leave, 1: this.split }, { condition: Math.min(1, this.left) }); });
      leave = step(() => { this.next(this.outer); });
      outer = join((inputs) => { this.all = inputs.map(({ t }) => t); this.next(this.end); });
      end = step();
      t = '';`,
    tasks: `start< each[0]<start each[1]<start
      split[0]<each[0] a[0]<split[0] b[0]<split[0] inner[0]<a[0],b[0] check[0]<inner[0]
      split[1]<each[1] a[1]<split[1] b[1]<split[1] inner[1]<a[1],b[1] check[1]<inner[1]
      split[1]#2<check[1] a[1]#2<split[1]#2 b[1]#2<split[1]#2 inner[1]#2<a[1]#2,b[1]#2 check[1]#2<inner[1]#2
      leave[0]<check[0] leave[1]<check[1]#2 outer<leave[0],leave[1] end<outer`,
    artifacts: { 'check[1]': { t: 'ab', left: 1 }, end: { t: '', all: ['ab', 'abab'] } },
  },
};

const SHAPES = { ...LINES, ...BRANCHES, ...FOREACHES, ...EMPTY_FOREACHES, ...JOINS, ...SWITCHES, ...LOOPS };

/** A process of its own for each task may differ from the pool in what is carried from task to task: one shape of each kind tells. */
const IN_BOTH_ISOLATIONS: readonly string[] = [
  'artifacts overwritten, deleted and changed in place',
  'a branch within a foreach',
  'a foreach over all that can be stored',
  'inner foreaches of which some are empty',
  'a join that resolves conflicts, and changes in place what it merged',
  'a switch within a foreach, with another choice for each item',
  'a loop around two branches within a foreach',
];

describe('a flow has just the tasks, parents, indices and artifacts it must have', () => {
  test('in at least forty shapes', () => expect(Object.keys(SHAPES).length).toBeGreaterThanOrEqual(40));

  test.concurrent.each(Object.entries(SHAPES))('when it is %s', (_, shape) => expectShape(shape));

  test.concurrent.each(IN_BOTH_ISOLATIONS)('when it is %s, with a process for each task', (name) => {
    const shape = SHAPES[name];
    if (shape === undefined) throw new Error(`there is no shape ${name}`);
    return expectShape({ ...shape, args: [...(shape.args ?? []), '--isolation=task'] });
  });
});

async function expectShape({ source, tasks, artifacts, args = [] }: Shape): Promise<void> {
  using folder = flowFolder(
    source.includes('class Sample') ? source : `export class Sample extends FlowSpec {${source}}`,
  );
  const { stderr, status } = await folder.run(['--quiet', 'run', ...args]);
  expect(stderr.replace(/^Made the home.*\n/m, '')).toBe('');
  expect(status).toBe(0);
  const described = await describedTasks(folder);
  expect(described.map(({ name, parents }) => `${name}<${parents.join()}`).toSorted()).toStrictEqual(
    tasks.trim().split(/\s+/).toSorted(),
  );
  const left = new Map(described.map((task) => [task.name, task.artifacts]));
  for (const [name, expected] of Object.entries(artifacts)) expect(left.get(name), name).toStrictEqual(expected);
}

/** A foreach over what is written, of which the children must get these items in this order. */
function overItems(written: string, items: readonly unknown[]): Shape {
  const children = items.map((_item, index) => `work[${index}]`);
  return {
    source: `
      start = step(() => { this.next(this.work, { foreach: ${written} }); });
      work = step((item) => { this.got = item; this.same = isDeepStrictEqual(item, current.foreachStack[0].value); this.next(this.merge); });
      merge = join((inputs) => { this.all = inputs.map(({ got }) => got); this.next(this.end); });
      end = step();`,
    tasks: `start< ${children.map((child) => `${child}<start`).join(' ')} merge<${children.join()} end<merge`,
    artifacts: {
      ...Object.fromEntries(children.map((child, index) => [child, { got: items[index], same: true }])),
      end: { all: items },
    },
  };
}

function wide(count: number): Shape {
  const children = range(0, count - 1).map((index) => `work[${index}]`);
  return {
    source: `
      start = step(() => { this.next(this.work, { foreach: Array.from({ length: ${count} }, (_, i) => i) }); });
      work = step((item) => { this.got = item * 2; this.next(this.merge); });
      merge = join((inputs) => { this.all = inputs.map(({ got }) => got); this.next(this.end); });
      end = step();`,
    tasks: `start< ${children.map((child) => `${child}<start`).join(' ')} merge<${children.join()} end<merge`,
    artifacts: { end: { all: range(0, count - 1).map((index) => index * 2) } },
  };
}

function repeating(times: number): Shape {
  const name = (round: number): string => (round === 0 ? 'again' : `again#${round + 1}`);
  return {
    source: `
      start = step(() => { this.next(this.again); });
      again = step(() => { this.rounds.push(this.rounds.length); this.next({ true: this.again, false: this.end }, { condition: this.rounds.length <= ${times} }); });
      end = step();
      rounds = [];`,
    tasks: `start< again<start ${range(1, times)
      .map((round) => `${name(round)}<${name(round - 1)}`)
      .join(' ')} end<${name(times)}`,
    artifacts: { start: { rounds: [] }, again: { rounds: [0] }, end: { rounds: range(0, times) } },
  };
}

/** The whole numbers from `first` to `last`. */
function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

test('the children of a foreach that did not finish are all that a resume executes, and then the join', async () => {
  using folder = flowFolder(`
    export class Sample extends FlowSpec.with({ bad: parameter.integer({ default: 3 }) }) {
      start = step(() => { trace('ran', 'start'); this.next(this.work, { foreach: [0, 1, 2, 3, 4, 5, 6, 7] }); });
      work = step((item: number) => {
        trace('ran', 'work ' + item);
        if (item === 3 && !existsSync('mended')) throw new Error('bad item');
        this.got = item * 2;
        this.next(this.merge);
      });
      merge = join((inputs: Inputs<this>) => { trace('ran', 'merge'); this.all = [...inputs].map(({ got }) => got); this.next(this.end); });
      end = step();
      got = 0; all: number[] = [];
    }`);
  expect((await folder.run(['run', '--max-workers=1'])).status).toBe(1);
  expect(folder.trace('ran').trim().split('\n')).toStrictEqual(['start', 'work 0', 'work 1', 'work 2', 'work 3']);
  writeFileSync(folder.file('mended'), '');
  expect((await folder.run(['resume', '--max-workers=1'])).status).toBe(0);
  expect(folder.trace('ran').trim().split('\n').slice(5)).toStrictEqual([
    'work 3',
    'work 4',
    'work 5',
    'work 6',
    'work 7',
    'merge',
  ]);
  await using latest = await latestRun(folder);
  expect(await latest.run.load('all')).toStrictEqual({ all: [0, 2, 4, 6, 8, 10, 12, 14] });
});

test('a foreach with more items than allowed fails its task, naming the option', async () => {
  using folder = flowFolder(`export class Sample extends FlowSpec {
    start = step(() => { this.next(this.work, { foreach: [1, 2, 3] }); });
    work = step((n: number) => { this.next(this.merge); });
    merge = join(() => { this.next(this.end); });
    end = step();
  }`);
  const { stderr } = await folder.run(['--quiet', 'run', '--max-num-splits=2']);
  expect(stderr).toContain('the foreach of step start has 3 items, more than the 2 that are allowed');
  expect(stderr).toContain('--max-num-splits');
});

test('a branch that fails stops the run, and its sibling', async () => {
  using folder = flowFolder(`export class Sample extends FlowSpec {
    start = step(() => { this.next(this.a, this.b); });
    a = step(async () => { trace('begun', ''); await sleep(600_000); this.next(this.merge); });
    b = step(async () => { while (!existsSync('begun')) await sleep(5); throw new Error('no'); this.next(this.merge); });
    merge = join(() => { this.next(this.end); });
    end = step();
  }`);
  const { status } = await folder.run(['--quiet', 'run', '--max-workers=2']);
  expect(status).toBe(1);
  await using latest = await latestRun(folder);
  const reasons = Object.fromEntries(
    (await Array.fromAsync(latest.run.tasks())).map((task) => [task.stepName, task.reason?.kind]),
  );
  expect(reasons).toStrictEqual({ start: undefined, a: 'stopped', b: 'exception' });
});

async function latestRun(folder: FlowFolder) {
  const home = await folder.home();
  const run = await home.flow('Sample').latestRun();
  if (run === undefined) throw new Error('there is no run');
  return { run, [Symbol.asyncDispose]: () => home.close() };
}
