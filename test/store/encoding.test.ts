import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeText, decodeValue, encodeText, encodeValue, typeName } from '../../src/store/encoding.ts';

describe('encoding', () => {
  const cyclic: Record<string, unknown> = { name: 'loop' };
  cyclic['self'] = cyclic;
  const shared = { a: 1 };

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['numbers JSON does not know', [NaN, Infinity, -Infinity, -0]],
    ['text with every kind of character', 'a\u0000"\\ü漢🎈\ud800'],
    ['a big integer', 2n ** 80n],
    ['dates, also a wrong one', [new Date(0), new Date(NaN)]],
    ['a regular expression', /a+(?<x>b)/giu],
    ['addresses', new URL('http://localhost:1/a?b=c')],
    ['a map with objects as keys', new Map<unknown, unknown>([[{ k: 1 }, new Set([1, 'b'])]])],
    ['an array with holes', [1, , 3]], // oxlint-disable-line no-sparse-arrays
    ['an object without prototype', Object.assign(Object.create(null) as object, { a: 1 })],
    ['typed arrays', { f: new Float64Array([1.5, NaN]), b: new BigInt64Array([-1n]), u: new Uint8ClampedArray([300]) }],
    ['bytes', [Buffer.from('hi'), new Uint8Array([1, 2, 3]).buffer]],
    ['empty arrays', [new Float32Array(), [], '']],
    ['what a regular expression matched', /b(?<x>c)/.exec('abcd')],
    ['half-precision numbers', new Float16Array([0.5, 2])],
    ['cycles', cyclic],
    ['the same object twice', [shared, shared]],
  ])('a value comes back as it was when it is %s', (_, value) => {
    expect(roundTrip(value)).toStrictEqual(value);
  });

  test('an object that stood in two places is one object again', () => {
    const [one, other] = roundTrip([shared, shared]) as [object, object];
    expect(one).toBe(other);
  });

  test('an error comes back with its class, message, stack, code and cause', () => {
    const error = Object.assign(new RangeError('too far', { cause: new Error('deep') }), { code: 'EFAR' });
    const back = roundTrip(error) as RangeError & { code: string };
    expect(back).toBeInstanceOf(RangeError);
    expect(back).toMatchObject({ message: 'too far', code: 'EFAR', stack: error.stack, cause: { message: 'deep' } });
  });

  test('a view of part of a buffer keeps its own bytes only', () => {
    const secret = new Uint8Array([9, 9, 1, 2, 9, 9]);
    expect(roundTrip(secret.subarray(2, 4))).toStrictEqual(new Uint8Array([1, 2]));
    expect(bytesOf(secret.subarray(2, 4)).includes(Buffer.from([9, 9]))).toBe(false);
  });

  test('a DataView comes back with its bytes', () => {
    const back = roundTrip(new DataView(new Uint8Array([1, 2, 3]).buffer, 1)) as DataView;
    expect([back.byteLength, back.getUint8(0), back.getUint8(1)]).toStrictEqual([2, 2, 3]);
  });

  test('a typed array is a view of the bytes that were read, not a copy', () => {
    const bytes = bytesOf(new Float64Array([1, 2]));
    expect((decodeValue(bytes) as Float64Array).buffer).toBe(bytes.buffer);
  });

  test('bytes that do not begin at a multiple of eight are read as well', () => {
    const bytes = bytesOf(new Float64Array([1, 2]));
    const shifted = new Uint8Array(bytes.byteLength + 1);
    shifted.set(bytes, 1);
    expect(decodeValue(shifted.subarray(1))).toStrictEqual(new Float64Array([1, 2]));
  });

  test.each([
    ['a function at .callbacks[1]', { callbacks: [1, () => 1] }],
    ['a symbol', Symbol('s')],
    ['an instance of Model at .model', { model: new (class Model {})() }],
    ['an instance of Ordered at .get("k")', new Map([['k', new (class Ordered extends Map {})()]])],
    ['an instance of Bad at .cause', Object.assign(new Error('x'), { cause: new (class Bad extends Error {})() })],
    ['a promise that was not awaited', Promise.resolve(1)],
    ['a Map with properties of its own', Object.assign(new Map(), { extra: 1 })],
    ['an instance of WeakMap', new WeakMap()],
    ['an object with a method "then", symbols as keys, or the key "__proto__"', { then() {} }],
  ])('what cannot come back is refused, named: %s', (what, value) => {
    const encoded = encodeValue(value);
    expect(encoded).toMatchObject({ kind: 'refused' });
    expect(encoded.kind === 'refused' && encoded.what).toContain(what.replace(' at .cause', ''));
  });

  test('a getter that throws is reported, not thrown', () => {
    const value = { get broken(): never { throw new Error('no') } }; // prettier-ignore
    expect(encodeValue(value)).toMatchObject({ kind: 'refused', what: expect.stringContaining('no') });
  });

  test('equal values have equal bytes, and come back equal, whatever they are', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true }),
        (value) => {
          const first = encodeValue(value);
          if (first.kind === 'refused') return;
          const copy = roundTrip(value);
          expect(inspect(copy, { depth: null })).toBe(inspect(value, { depth: null }));
          expect(bytesOf(copy).equals(Buffer.concat(first.parts))).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('bytes that are no value are refused, and never run', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        expect(() => decodeValue(Buffer.concat([Buffer.from('RWV1'), noise]))).toThrow();
      }),
      { numRuns: 500 },
    );
  });

  test('text of a value comes back as the value', () => {
    const value = { when: new Date(5), rate: 0.5, missing: undefined };
    const encoded = encodeText(value);
    expect(encoded.kind === 'encoded' && decodeText(encoded.text)).toStrictEqual(value);
    expect(encodeText({ f: () => 1 })).toStrictEqual({ kind: 'refused', what: 'a function at .f' });
  });

  test.each([
    [1, 'number'],
    [null, 'null'],
    [new Map(), 'Map'],
    [new Float64Array(), 'Float64Array'],
    [Buffer.from(''), 'Buffer'],
    [new TypeError('x'), 'TypeError'],
  ])('the type of %o is called %s', (value, name) => expect(typeName(value)).toBe(name));
});

function bytesOf(value: unknown): Buffer<ArrayBuffer> {
  const encoded = encodeValue(value);
  if (encoded.kind === 'refused') throw new Error(encoded.what);
  const bytes = Buffer.alloc(encoded.sizeBytes);
  bytes.set(Buffer.concat(encoded.parts));
  return bytes;
}

function roundTrip(value: unknown): unknown {
  return decodeValue(bytesOf(value));
}
