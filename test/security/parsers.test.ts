import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Artifact } from '../../src/client/artifact.ts';
import type { StoreLease } from '../../src/client/store-lease.ts';
import { formatAttributes, parseAttributes } from '../../src/core/attributes.ts';
import { parseDuration } from '../../src/core/duration.ts';
import {
  errorFromWire,
  errorToWire,
  FlowFileError,
  InvalidOptionError,
  NotFoundError,
  RacewayError,
} from '../../src/core/errors.ts';
import { parameterJson, parameterText } from '../../src/core/parameter-text.ts';
import { formatPathspec, parsePathspec } from '../../src/core/pathspec.ts';
import { checkTags } from '../../src/core/tags.ts';
import '../../src/flow.ts'; // the decorators make themselves known
import { readWithSpecs } from '../../src/flow/with-specs.ts';
import { parseStat } from '../../src/process/process-stat.ts';
import { Batch } from '../../src/runner/batch.ts';
import { flowDescription } from '../../src/runner/flow-description.ts';
import { readKeeper, writeKeeper } from '../../src/runner/keeper.ts';
import type { Child } from '../../src/runner/child.ts';
import { decodeParameters, decodeText, encodeText, encodeValue } from '../../src/store/encoding.ts';
import { artifactFile, attemptTempFolder, cardFile, detachedFolder, logFile } from '../../src/store/home-folder.ts';
import * as shapes from '../../src/store/record-shapes.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { many } from './many.ts';

/** Texts that somebody may give in the place of a name. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '..',
    '.',
    '',
    '/',
    '../../x',
    '/etc/passwd',
    'a\0b',
    'a/../../b',
    '-rf',
    'a\nb',
    'C:\\x',
    '__proto__',
    '~',
    '%2e%2e',
    '$(x)',
    "';--",
  ),
);
const part = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,8}$/);
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

/** JSON of any kind, also such as is meant to do harm. */
const json = fc.oneof(
  fc.json({ stringUnit: 'binary' }),
  fc.constantFrom(
    '{"__proto__":{"polluted":1}}',
    '[{"__proto__":1},{"polluted":2},1]',
    '{"constructor":{"prototype":{"polluted":1}}}',
    '[["Object",1]]',
    nested(50_000),
    '1e999',
    '-0',
    '""',
  ),
);

/** What `work` threw, which has to be an error of this kind; `undefined` when it threw nothing. */
function errorOf<T extends Error>(kind: new (...given: never[]) => T, work: () => unknown): T | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(kind);
    return error as T;
  }
}

describe('a pathspec', () => {
  test('that is one comes back as it was', () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const pathspec = parts.join('/');
        expect(formatPathspec(parsePathspec(pathspec))).toBe(pathspec);
        expect(Object.values(parsePathspec(pathspec)).filter((one) => one !== undefined)).toStrictEqual(parts);
      }),
      many(300),
    );
  });

  test('of any text is refused, or names a place below', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          fc.array(text, { maxLength: 5 }).map((parts) => parts.join('/')),
        ),
        (given) => {
          const refused = errorOf(RacewayError, () => parsePathspec(given));
          if (refused === undefined) expect(resolve('/home', given)).toBe(`/home/${given}`);
          else expect(refused.code).toBe('PATHSPEC');
        },
      ),
      many(500),
    );
  });
});

test('no path that is made of names leaves the home, or the place in it that is meant for it', () => {
  const home = '/some/home';
  fc.assert(
    fc.property(text, text, text, fc.nat(9), (flow, runId, taskId, attempt) => {
      const id = { flow, runId, taskId, attempt };
      const paths: readonly [string, number, () => string][] = [
        ['logs', 4, () => logFile(home, { ...id, stream: 'stdout' })],
        ['tmp', 2, () => attemptTempFolder(home, id)],
        ['detached', 3, () => detachedFolder(home, flow, runId)],
        ['cards', 2, () => cardFile(home, { pathspec: `${flow}/${runId}`, id: taskId.toWellFormed() })],
        ['artifacts', 3, () => artifactFile(home, flow)],
      ];
      for (const [place, depth, make] of paths) {
        let path = '';
        if (errorOf(RacewayError, () => (path = make())) !== undefined) continue;
        const names = relative(home, path).split('/');
        expect(names[0]).toBe(place);
        expect(names).toHaveLength(depth);
        expect(path).not.toContain('\0');
      }
    }),
    many(500),
  );
  expect(logFile(home, { flow: 'F', runId: '1', taskId: '2', attempt: 0, stream: 'stdout' })).toBe(
    join(home, 'logs/F/1/2.0.stdout'),
  );
});

describe('an attribute file', () => {
  const attributes = fc.record(
    {
      flow_name: fc.string({ minLength: 1 }),
      run_id: fc.string({ minLength: 1 }),
      metadata: fc.string({ minLength: 1 }),
      home: fc.string({ minLength: 1 }),
      protocol: fc.integer(),
      step_name: fc.string({ minLength: 1 }),
      task_id: fc.string({ minLength: 1 }),
    },
    { requiredKeys: ['flow_name', 'run_id'] },
  );

  test('says what was written to it, and nothing while it is being written', () => {
    fc.assert(
      fc.property(attributes, fc.nat(), (given, cut) => {
        const whole = formatAttributes(given);
        expect(parseAttributes(whole)).toMatchObject({ kind: 'attributes', attributes: given });
        const begun = whole.slice(0, cut % (whole.length - 1));
        expect(parseAttributes(begun)).toStrictEqual({ kind: 'incomplete' });
      }),
      many(300),
    );
  });

  test('with anything in it is understood or not, and never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          json,
          json.map((one) => `{"flow_name":${one},"run_id":${one},"error":${one}}`),
        ),
        (given) => {
          const content = parseAttributes(given);
          if (content.kind !== 'attributes') return;
          expect(
            Object.values(content.attributes).every((one) => ['string', 'number', 'undefined'].includes(typeof one)),
          ).toBe(true);
        },
      ),
      many(500),
    );
  });

  test('brings an error over with its class and facts', () => {
    const errors = fc.oneof(
      fc.tuple(fc.string(), fc.string()).map(([one, other]) => new FlowFileError(one, other)),
      fc.tuple(fc.string(), fc.string()).map(([one, other]) => new NotFoundError(one, other)),
      fc
        .tuple(fc.string(), fc.string())
        .map(([one, other]) => new InvalidOptionError({ option: one, expected: other, received: undefined }, other)),
      fc.string().map((message) => new RacewayError('RESUME', message)),
    );
    fc.assert(
      fc.property(errors, (error) => {
        const content = parseAttributes(formatAttributes({ error: errorToWire(error) }));
        expect(content.kind === 'error' && content.error).toStrictEqual(error);
        expect(content.kind === 'error' && content.error.constructor).toBe(error.constructor);
      }),
      many(200),
    );
    fc.assert(
      fc.property(json, (given) => {
        expect(errorFromWire(JSON.parse(given)) ?? new RacewayError('HOME', '')).toBeInstanceOf(RacewayError);
      }),
      many(200),
    );
  });
});

describe('what a flow says about itself', () => {
  async function describeFrom(stdout: string): Promise<unknown> {
    const child: Partial<Record<keyof Child, unknown>> = {
      exited: Promise.resolve({ exitCode: 0, signalCode: null }),
      finish: async () => {},
      end: async () => {},
      attributeFile: '/nowhere/at/all',
      stdout: { text: () => stdout },
      startFacts: () => ({ command: ['x'], stdout: '', stderr: '' }),
    };
    return flowDescription(child as unknown as Child, {
      startTimeoutMs: 60_000,
      signal: new AbortController().signal,
    });
  }

  test('is taken over, whatever its module printed before', async () => {
    const parameters = fc.dictionary(
      fc.string({ minLength: 1 }).filter((name) => name !== '__proto__'),
      fc.record({ type: fc.string(), writeOnly: fc.boolean() }),
    );
    await fc.assert(
      fc.asyncProperty(
        part,
        parameters,
        fc.string().filter((before) => !/^\{$/m.test(before)),
        async (flow, properties, before) => {
          const description = { flow, parameters: { properties, required: Object.keys(properties) } };
          const found = await describeFrom(`${before}\n${JSON.stringify(description, null, 2)}\n`);
          expect(found).toEqual({
            flow,
            parameters: new Map(Object.entries(properties)),
            required: Object.keys(properties),
          });
        },
      ),
      many(200),
    );
  });

  test('is refused with a clear error when it is anything else', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          text,
          json,
          json.map((one) => `{\n"flow":"F","parameters":${one}}`),
          json.map((one) => `{\n"flow":"F","parameters":{"properties":${one},"required":${one}}}`),
        ),
        async (given) => {
          const found = await describeFrom(given).catch((error: unknown) => error);
          if (found instanceof Error) expect(found).toBeInstanceOf(RacewayError);
          else expect(found).toMatchObject({ flow: 'F', parameters: expect.any(Map), required: expect.any(Array) });
        },
      ),
      many(300),
    );
  });
});

/** What an artifact with these bytes throws: the code of an error of raceway, or what else it is; `undefined` when it is data. */
async function refusalOf(bytes: Buffer): Promise<unknown> {
  const lease = { store: { readBlob: () => Promise.resolve(bytes) } } as unknown as StoreLease;
  const record = { name: 'model', sha256: '', sizeBytes: bytes.byteLength, type: 'object' };
  try {
    await new Artifact(lease, 'F/1/start/1', record).value();
    return undefined;
  } catch (error) {
    return error instanceof RacewayError ? error.code : error;
  }
}

describe('a stored value', () => {
  test('that is anything but one is refused, or comes out as data', async () => {
    const flattened = fc.oneof(
      json,
      fc
        .array(
          fc.oneof(
            fc.integer({ min: -8, max: 9 }),
            fc.constantFrom(
              'Raw',
              'Error',
              'ArrayWith',
              'Map',
              'Set',
              'Date',
              'URL',
              'BigInt',
              'RegExp',
              'Object',
              'null',
              '__proto__',
              'polluted',
              'then',
              'constructor',
              'length',
            ),
            fc.array(
              fc.oneof(
                fc.integer({ min: -8, max: 9 }),
                fc.constantFrom('Raw', 'Error', 'ArrayWith', 'Map', 'null', 'Uint8Array', 'Int32Array'),
              ),
              { maxLength: 5 },
            ),
            fc.dictionary(
              fc.constantFrom('__proto__', 'then', 'a', 'length', 'toString'),
              fc.integer({ min: -8, max: 9 }),
            ),
          ),
        )
        .map((parts) => JSON.stringify(parts)),
    );
    await fc.assert(
      fc.asyncProperty(
        flattened,
        fc.array(fc.oneof(fc.integer({ min: -3, max: 40 }), fc.constantFrom(1e15, 0.5))),
        async (given, lengths) => {
          errorOf(RacewayError, () => decodeText(given));
          errorOf(RacewayError, () => decodeParameters(given));
          const head = Buffer.from(`[${JSON.stringify(lengths)},${given}]`);
          const start = Buffer.alloc(8);
          start.write('RWV1');
          start.writeUInt32LE(head.length, 4);
          expect([undefined, 'ARTIFACT']).toContain(await refusalOf(Buffer.concat([start, head, Buffer.alloc(64)])));
          expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
          expect(([] as unknown as Record<string, unknown>)['polluted']).toBeUndefined();
        },
      ),
      many(1000),
    );
  });

  test('of which any byte was changed is refused, or comes out as data', async () => {
    const encoded = encodeValue({
      list: [1, new Map([['a', new Date(0)]])],
      raw: new Float64Array([1, 2]),
      error: new RangeError('x'),
    });
    if (encoded.kind === 'refused') throw new Error(encoded.what);
    const whole = Buffer.concat(encoded.parts);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), async (place, byte, length) => {
        const bytes = Buffer.from(whole.subarray(0, length));
        if (place < bytes.length) bytes[place] = byte;
        expect([undefined, 'ARTIFACT']).toContain(await refusalOf(bytes));
      }),
      many(500),
    );
  });

  test('that is nested too deeply is refused rather than a crash', () => {
    const deep = JSON.stringify(Array.from({ length: 200_000 }, (_, index) => [index + 1]).concat([[]]));
    expect(errorOf(RacewayError, () => decodeText(deep))?.message ?? '').toMatch(
      /^$|cannot read a value in the database/,
    );
  });

  test('comes back as it was as text, whatever data it is', () => {
    fc.assert(
      fc.property(fc.anything({ withDate: true, withMap: true, withSet: true, withBigInt: true }), (value) => {
        const encoded = encodeText(value);
        expect(encoded.kind === 'encoded' ? decodeText(encoded.text) : value).toStrictEqual(value);
      }),
      many(300),
    );
  });
});

test('whatever JSON stands in a column is told to be right or wrong, and no more', () => {
  const columns = Object.entries(shapes).filter(([name]) => name.startsWith('is'));
  expect(columns.length).toBeGreaterThan(15);
  fc.assert(
    fc.property(json, (given) => {
      const value: unknown = JSON.parse(given);
      for (const [, is] of columns) expect(typeof is(value)).toBe('boolean');
    }),
    many(300),
  );
});

test('every event that is written is one that is read', () => {
  const pathspec = fc.array(part, { minLength: 2, maxLength: 4 }).map((parts) => parts.join('/'));
  const reason = fc.oneof(
    fc.record({ kind: fc.constant('exception'), message: fc.string() }),
    fc.record({ kind: fc.constant('exit'), exitCode: fc.nat() }),
    fc.record({ kind: fc.constant('timeout'), timeoutMs: fc.nat() }),
    fc.record({ kind: fc.constantFrom('stopped', 'lost') }),
  );
  const event = fc.oneof(
    fc.record({ type: fc.constant('run-started'), pathspec, originRunId: fc.option(part, { nil: undefined }) }),
    fc.record({ type: fc.constant('task-started'), pathspec, attempt: fc.nat(), pid: fc.nat() }),
    fc.record({
      type: fc.constant('task-succeeded'),
      pathspec,
      attempt: fc.nat(),
      caught: fc.option(reason, { nil: undefined }),
    }),
    fc.record({
      type: fc.constant('task-failed'),
      pathspec,
      attempt: fc.nat(),
      reason,
      isRetried: fc.option(fc.boolean(), { nil: undefined }),
    }),
    fc.record({
      type: fc.constant('run-finished'),
      pathspec,
      state: fc.constantFrom(
        { status: 'successful' },
        { status: 'failed', reason: { kind: 'killed' } },
        { status: 'timeout', reason: { kind: 'timeout' } },
      ),
    }),
  );
  fc.assert(
    fc.property(event, (given) => {
      expect(shapes.isRunEvent(JSON.parse(JSON.stringify(given)))).toBe(true);
    }),
    many(300),
  );
});

describe('a time span', () => {
  test('with a unit is that many milliseconds', () => {
    const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, '': 1000 };
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(...Object.keys(units)), (count, unit) => {
        expect(parseDuration(`${count}${unit}`)).toBe(count * units[unit as keyof typeof units]);
      }),
      many(200),
    );
  });

  test('of any text is none, or a number of milliseconds', () => {
    fc.assert(
      fc.property(fc.oneof(text, fc.stringMatching(/^[0-9.]{0,400}[a-z]{0,2}$/)), (given) => {
        const durationMs = parseDuration(given);
        if (durationMs !== undefined) expect(Number.isFinite(durationMs) && durationMs >= 0).toBe(true);
      }),
      many(300),
    );
    expect(parseDuration('9'.repeat(400))).toBeUndefined();
  });
});

test('a tag is taken as it is, or refused', () => {
  fc.assert(
    fc.property(fc.array(text, { maxLength: 60 }), (tags) => {
      const refused = errorOf(InvalidOptionError, () => checkTags(tags));
      const isRight =
        new Set(tags).size <= 50 && tags.every((tag) => tag.trim() !== '' && tag.length <= 500 && !/\p{Cc}/u.test(tag));
      expect(refused === undefined).toBe(isRight);
    }),
    many(200),
  );
});

test('the text of a parameter says what its JSON says', () => {
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.double(), fc.bigInt(), fc.date({ noInvalidDate: true })), (value) => {
      const [written, said] = [parameterText('name', value), parameterJson('name', value)];
      if (typeof said === 'string') expect(written).toBe(said);
      else expect(JSON.parse(written)).toStrictEqual(JSON.parse(JSON.stringify(value)));
    }),
    many(300),
  );
});

describe('a decorator in words', () => {
  test('is the one that was meant', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), fc.nat(), (times, delayMs) => {
        const [one] = readWithSpecs([`retry:times=${times},delayMs=${delayMs}`]);
        expect(one).toMatchObject({ name: 'retry', options: { times, delayMs } });
      }),
      many(100),
    );
  });

  test('of any text is refused with a clear error', () => {
    const words = fc
      .array(
        fc.oneof(
          text,
          fc.constantFrom(
            'retry',
            'timeout',
            'card',
            ':',
            '=',
            ',',
            'times',
            '__proto__',
            '{',
            '[',
            '"',
            '\\',
            '3',
            'constructor',
          ),
        ),
        { maxLength: 8 },
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(words, (given) => {
        errorOf(InvalidOptionError, () => readWithSpecs([given]));
        expect(({} as Record<string, unknown>)['times']).toBeUndefined();
      }),
      many(500),
    );
    expect(errorOf(InvalidOptionError, () => readWithSpecs(['retry:__proto__={"times":7}']))?.message).toContain(
      'has no option "__proto__"',
    );
  });
});

test('the row of a batch has a tag that can be one, whatever its parameters are called and hold', () => {
  const description = { flow: 'Train', parameters: new Map(), required: [] };
  fc.assert(
    fc.property(fc.dictionary(text, fc.jsonValue({ stringUnit: 'binary' })), (row) => {
      const tag = new Batch('x', { description, home: async () => undefined }).rowTag(row);
      expect(tag).toMatch(/^row:[0-9a-f]{16}$/);
      const turned = Object.fromEntries(Object.entries(row).toReversed());
      expect(new Batch('x', { description, home: async () => undefined }).rowTag(turned)).toBe(tag);
    }),
    many(200),
  );
});

test('what the system says of a process is read, whatever the process is called', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 15 }),
      fc.nat(),
      fc.nat(),
      fc.nat(),
      fc.constantFrom('S', 'R', 'Z', 'X'),
      (name, parent, group, start, state) => {
        const fields = [parent, group, ...Array.from({ length: 16 }, () => 0), start, 0, 0];
        expect(parseStat(`17 (${name}) ${state} ${fields.join(' ')}\n`)).toStrictEqual({
          ended: state === 'Z' || state === 'X',
          parentPid: parent,
          group,
          startTime: String(start),
        });
      },
    ),
    many(300),
  );
});

test('what tells where a detached run is comes back as it was, and anything else tells nothing', () => {
  using folder = temporaryFolder();
  const identity = fc.record({
    host: fc.string(),
    bootId: fc.string(),
    pid: fc.integer({ min: 2, max: 1e6 }),
    startTime: fc.string(),
  });
  const keeper = fc.record({
    command: fc.array(fc.string()),
    identity,
    group: fc.integer({ min: 2, max: 1e6 }),
    mark: fc.record({
      name: fc.stringMatching(/^[0-9a-f]{16}$/).map((id) => `RACEWAY_MARK_${id}`),
      value: fc.string(),
    }),
  });
  mkdirSync(folder.file('run'));
  fc.assert(
    fc.property(keeper, (given) => {
      writeKeeper(folder.file('run'), given);
      expect(readKeeper(folder.file('run'))).toEqual(given);
    }),
    many(50),
  );
  const wrong = fc.oneof(
    json,
    fc
      .tuple(keeper, fc.constantFrom('command', 'identity', 'group', 'mark'), fc.jsonValue())
      .map(([given, name, value]) => JSON.stringify({ ...given, [name]: typeof value === 'number' ? -1 : value })),
  );
  fc.assert(
    fc.property(wrong, (given) => {
      writeFileSync(folder.file('run/process.json'), given);
      const found = readKeeper(folder.file('run'));
      if (found !== undefined)
        expect(found).toMatchObject({
          group: expect.any(Number),
          command: expect.any(Array),
          mark: { name: expect.stringMatching(/^RACEWAY_MARK_/) },
        });
    }),
    many(100),
  );
});
