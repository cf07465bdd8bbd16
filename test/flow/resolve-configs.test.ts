import { writeFileSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { config, type Config } from '../../src/flow/config.ts';
import { defineFlow } from '../../src/flow/definition.ts';
import { FlowSpec } from '../../src/flow/flow-spec.ts';
import { parameter } from '../../src/flow/parameter.ts';
import { type GivenConfigs, resolveConfigs } from '../../src/flow/resolve-configs.ts';
import { temporaryFolder } from '../temporary-folder.ts';

async function resolve(
  configs: Readonly<Record<string, Config>>,
  given: GivenConfigs = {},
  options: { readonly origin?: Readonly<Record<string, unknown>> } = {},
): Promise<Record<string, unknown>> {
  class Flow extends FlowSpec.with({}, { config: configs }) {}
  return resolveConfigs(defineFlow(Flow).configs, given, options);
}

/** The folder with the file `name`, and the file. */
function withFile(name: string, text: string) {
  const folder = temporaryFolder();
  writeFileSync(folder.file(name), text);
  return { path: folder.file(name), folder, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

describe('a config', () => {
  test('is what its JSON file says', async () => {
    using file = withFile('model.json', '{ "depth": 3, "names": ["a"] }');
    expect(await resolve({ model: config.json(file.path) })).toEqual({ model: { depth: 3, names: ['a'] } });
  });

  test('is what its YAML file says, merge keys included', async () => {
    using file = withFile('model.yaml', 'base: &base { depth: 3 }\nlarge:\n  <<: *base\n  width: 1e3\n');
    expect(await resolve({ model: config.yaml(file.path) })).toEqual({
      model: { base: { depth: 3 }, large: { depth: 3, width: 1000 } },
    });
  });

  test('may stand beside the script', async () => {
    using file = withFile('the model.json', '1');
    expect(await resolve({ model: config.json(new URL(`file://${file.folder.path}/the%20model.json`)) })).toEqual({
      model: 1,
    });
  });

  test('is read from another file when that is given, in the format that it is named after', async () => {
    using file = withFile('other.yml', 'depth: 4');
    const given = { config: { model: file.path } };
    expect(await resolve({ model: config.json('/missing.json') }, given)).toEqual({ model: { depth: 4 } });
  });

  test('is the value that is given', async () => {
    const given = { configValue: { model: { depth: 5 } } };
    expect(await resolve({ model: config.json('/missing.json') }, given)).toEqual({ model: { depth: 5 } });
  });

  test('of a resumed run is that of its origin unless another is given', async () => {
    const configs = { model: config.json('/missing.json'), more: config.yaml('/missing.yaml') };
    const origin = { model: 1, more: 2, parameter: 3 };
    expect(await resolve(configs, { configValue: { more: 4 } }, { origin })).toEqual({ model: 1, more: 4 });
  });

  test('that is not required is undefined when its file is missing', async () => {
    const model = config.json('/missing.json', { required: false, schema: z.object({}) });
    expect(await resolve({ model })).toEqual({ model: undefined });
  });

  test.for([
    ['zod', z.object({ depth: z.coerce.number() })],
    ['valibot', v.objectAsync({ depth: v.pipe(v.string(), v.transform(Number)) })],
  ] as const)('is what the schema of %s makes of it', async ([, schema]) => {
    using file = withFile('model.json', '{ "depth": "3" }');
    expect(await resolve({ model: config.json(file.path, { schema }) })).toEqual({ model: { depth: 3 } });
  });
});

describe('a config is refused', () => {
  test('when nobody declared it, with the nearest name', async () => {
    await expect(resolve({ model: config.json('x') }, { config: { modle: 'y' } })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: 'The flow has no config modle\nDid you mean model? Its configs are: model.',
    });
    await expect(resolve({}, { configValue: { model: 1 } })).rejects.toThrow('The flow has no configs.');
  });

  test('when both a file and a value are given', async () => {
    const given = { config: { model: 'x' }, configValue: { model: 1 } };
    await expect(resolve({ model: config.json('x') }, given)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(/^Config model was given both a file and a value\nGive --config=model=<path> or /),
    });
  });

  test('when its file is missing, whether it was given or not', async () => {
    const message = (path: string) =>
      `Config model is the file ${path}, which cannot be read: there is no such file\n` +
      `Make it, or give another with --config=model=<path>; a relative path starts at ${process.cwd()}.`;
    await expect(resolve({ model: config.json('missing.json') })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      option: 'model',
      message: message('missing.json'),
    });
    const optional = config.json('missing.json', { required: false });
    await expect(resolve({ model: optional }, { config: { model: 'also.json' } })).rejects.toThrow(
      message('also.json'),
    );
  });

  test.for([
    ['{\n  "depth": nope\n}', "2:13: Unexpected token 'o'"],
    ['{\n  "depth": 3,\n}', '3:1: Expected double-quoted property name'],
    ['{', '1:2: '],
    ['', '1:1: Unexpected end of JSON input'],
    ['[1,\n 2', '2:3: '],
    ['"a\nb"', '1:3: Bad control character in string literal'],
  ] as const)('when %j is no JSON, with line and column', async ([text, message]) => {
    using file = withFile('model.json', text);
    await expect(resolve({ model: config.json(file.path) })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      expected: 'JSON',
      message: expect.stringContaining(`Config model cannot be read from ${file.path}:${message}`),
    });
  });

  test.for([
    ['a: [1,\nb: 2', /:2:\d+: /],
    ['a: 1\na: 2', /:2:1: Map keys must be unique/],
    ['a: 1\n---\nb: 2', /:2:1: .*multiple documents/],
    ['a: !secret x', /:1:4: Unresolved tag: !secret/],
  ] as const)('when %j is no YAML, with line and column', async ([text, message]) => {
    using file = withFile('model.yaml', text);
    await expect(resolve({ model: config.yaml(file.path) })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      expected: 'YAML',
      message: expect.stringMatching(message),
    });
  });

  test('when its schema does, with the place in it', async () => {
    using file = withFile('model.json', '{ "layers": [{ "size": "x" }] }');
    const schema = z.object({ layers: z.array(z.object({ size: z.number('no number') })) });
    await expect(resolve({ model: config.json(file.path, { schema }) })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(
        `Config model, from ${file.path}, is refused by its schema: layers.0.size: no number`,
      ),
    });
    const given = { configValue: { model: {} } };
    await expect(resolve({ model: config.json('x', { schema }) }, given)).rejects.toThrow(
      /^Config model is refused by its schema: layers: /,
    );
  });

  test('at its definition, when it is none or has the name of a parameter', () => {
    const wrong = { config: { model: 'model.json' as unknown as Config } };
    expect(() => FlowSpec.with({}, wrong)).toThrow(/^FlowSpec\.with\(\) was given the config model, which is none\n/);
    expect(() => FlowSpec.with({ a: parameter.string() }, { config: { a: config.json('x') } })).toThrow(
      /^FlowSpec\.with\(\) was given a parameter and a config that are both called a\n/,
    );
    expect(() => FlowSpec.with({ a: config.json('x') as never })).toThrow(
      'A config belongs in the second argument: FlowSpec.with({ … }, { config: { … } }).',
    );
    expect(() => config.json(3 as unknown as string)).toThrow(TypeError);
    expect(() => config.json('x', { schema: {} as z.ZodType })).toThrow(TypeError);
  });
});
