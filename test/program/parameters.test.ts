import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { flowFolder, type FlowFolder } from '../flow-folder.ts';
import { until } from '../until.ts';

async function parametersOf(folder: FlowFolder): Promise<unknown> {
  await using home = await folder.home();
  return (await home.flow('Sample').latestRun())?.parameters;
}

function ran(folder: FlowFolder): string[] {
  return folder.trace('ran').trim().split('\n');
}

describe('parameters', () => {
  const SAMPLE = `
export class Sample extends FlowSpec.with({
  titles: parameter.string({ multiple: true, help: 'What to read' }),
  notes: parameter.file({ default: 'notes.txt' }),
  day: parameter.string({ default: () => (trace('computed', 'day'), 'Saturday') }),
  internal: parameter.integer({ hidden: true, default: 1 }),
  fail: parameter.boolean({ default: false }),
}) {
  start = step(() => {
    trace('ran', this.notes);
    this.next(this.last);
  });
  last = step(() => {
    if (this.fail) throw new Error('asked to');
    this.next(this.end);
  });
  end = step();
}`;

  test('with several values repeat their flag, or are one JSON array', async () => {
    using folder = flowFolder(SAMPLE);
    writeFileSync(folder.file('notes.txt'), 'n');
    expect((await folder.run(['run', '--titles=a', '--titles', 'b'])).status).toBe(0);
    expect(await parametersOf(folder)).toMatchObject({ titles: ['a', 'b'] });
    await folder.run(['run', '--titles=["c","d"]']);
    expect(await parametersOf(folder)).toMatchObject({ titles: ['c', 'd'] });
  });

  test('with several values come from the environment, unless the command line has some', async () => {
    using folder = flowFolder(SAMPLE);
    writeFileSync(folder.file('notes.txt'), 'n');
    await folder.run(['run'], { RACEWAY_RUN_TITLES: '["a", "b"]' });
    expect(await parametersOf(folder)).toMatchObject({ titles: ['a', 'b'] });
    await folder.run(['run'], { RACEWAY_RUN_TITLES: 'one, two' });
    expect(await parametersOf(folder)).toMatchObject({ titles: ['one, two'] });
    await folder.run(['run', '--titles=c'], { RACEWAY_RUN_TITLES: '["a", "b"]' });
    expect(await parametersOf(folder)).toMatchObject({ titles: ['c'] });
  });

  test('from a file of a Runner count more than the environment', async () => {
    using folder = flowFolder(SAMPLE);
    writeFileSync(folder.file('notes.txt'), 'n');
    writeFileSync(folder.file('parameters.json'), '{ "day": "Sunday" }');
    await folder.run(['run', '--parameters-file=parameters.json'], { RACEWAY_RUN_DAY: 'Monday' });
    expect(await parametersOf(folder)).toMatchObject({ day: 'Sunday' });
  });

  test('that are files are read from the working folder, and a resume needs the file no more', async () => {
    using folder = flowFolder(SAMPLE);
    writeFileSync(folder.file('other.txt'), 'as it was');
    await folder.run(['run', '--notes=other.txt', '--fail=true']);
    rmSync(folder.file('other.txt'));
    expect((await folder.run(['resume', 'start', '--fail=false'])).status).toBe(0);
    expect(ran(folder)).toEqual(['as it was', 'as it was']);
    expect(await parametersOf(folder)).toMatchObject({ notes: 'as it was' });
  });

  test('that are files and cannot be read are refused before anything runs', async () => {
    using folder = flowFolder(SAMPLE);
    const { status, stderr, stdout } = await folder.run(['run', '--notes=missing.txt']);
    expect(stderr).toMatch(
      /^Error: Parameter notes is the file "missing.txt", which cannot be read: there is no such/m,
    );
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect((await folder.run(['run'])).stderr).toMatch(
      /^Error: The default of parameter notes is the file "notes.txt"/m,
    );
  });

  test('have a computed default once for a run, and never for what does not run', async () => {
    using folder = flowFolder(SAMPLE);
    writeFileSync(folder.file('notes.txt'), 'n');
    for (const args of [['run', '--help'], ['show'], ['check'], ['describe']]) await folder.run(args);
    expect(folder.trace('computed')).toBe('');
    await folder.run(['run', '--day=Sunday']);
    expect(folder.trace('computed')).toBe('');
    await folder.run(['run', '--fail=true']);
    expect(await parametersOf(folder)).toMatchObject({ day: 'Saturday' });
    await folder.run(['resume', '--fail=false']);
    expect(folder.trace('computed')).toBe('day\n');
  });

  test('whose default cannot be computed fail the run in one line before it exists', async () => {
    using folder = flowFolder(
      SAMPLE.replace(`(trace('computed', 'day'), 'Saturday')`, `{ throw new Error('no calendar') }`),
    );
    writeFileSync(folder.file('notes.txt'), 'n');
    const { status, stdout, stderr } = await folder.run(['--quiet', 'run']);
    expect(stderr).toBe(
      'Error: The default of parameter day could not be computed: Error: no calendar\n' +
        'Mend what it needs, or give the parameter a value: --day=<value>.\n',
    );
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  });

  test('that are hidden work and are not shown', async () => {
    using folder = flowFolder(SAMPLE);
    writeFileSync(folder.file('notes.txt'), 'n');
    const help = (await folder.run(['run', '--help'])).stdout;
    expect(help).toMatch(/--titles=<string> \.\.\. +What to read \[default: none\]/);
    expect(help).toMatch(/--notes=<path> +\[default: "notes.txt"\]/);
    expect(help).toMatch(/--day=<string> +\[default: computed\]/);
    for (const args of [['run', '--help'], ['show'], ['run', '--internl=1']]) {
      const { stdout, stderr } = await folder.run(args);
      expect(stdout + stderr).not.toMatch(/\binternal\b/);
    }
    expect(JSON.parse((await folder.run(['describe'])).stdout)).toMatchObject({
      parameters: { properties: { internal: { 'x-hidden': true } } },
    });
    await folder.run(['run', '--internal=2']);
    expect(await parametersOf(folder)).toMatchObject({ internal: 2 });
  });
});

describe('secret parameters', () => {
  const SAMPLE = `
export class Sample extends FlowSpec.with({
  token: parameter.string({ secret: true, required: true, help: 'For the server' }),
  pin: parameter.integer({ secret: true, default: 998877 }),
  fail: parameter.boolean({ default: true }),
}) {
  length = 0;
  start = step(async () => {
    trace('ran', 'start ' + this.token);
    this.length = this.token.length;
    while (existsSync('hold')) await sleep(5);
    this.next(this.last);
  });
  last = step(() => {
    trace('ran', 'last ' + this.token);
    if (this.fail) throw new Error('asked to');
    this.next(this.end);
  });
  end = step();
}`;

  test('are not kept, and have to be given again, from the environment if need be', async () => {
    using folder = flowFolder(SAMPLE);
    await folder.run(['run'], { RACEWAY_RUN_TOKEN: 'hunter2' });
    expect(await parametersOf(folder)).toEqual({ fail: true });
    const refused = await folder.run(['resume', '--fail=false']);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain('it is secret, so the run that is resumed did not keep it');
    await folder.run(['resume'], { RACEWAY_RUN_TOKEN: 'hunter3' });
    // Another secret is no reason to run again what has read it.
    expect(ran(folder)).toEqual(['start hunter2', 'last hunter2', 'last hunter3']);
    const variables = { RACEWAY_RUN_TOKEN: 'no', RACEWAY_RESUME_TOKEN: 'hunter4', RACEWAY_RESUME_FAIL: 'true' };
    const resumed = await folder.run(['resume', '--fail=false'], variables);
    expect(resumed.status).toBe(0);
    expect(ran(folder).at(-1)).toBe('last hunter4');
  });

  test('that somebody types are not in what is kept, and soon not in the list of processes', async () => {
    using folder = flowFolder(SAMPLE);
    writeFileSync(folder.file('hold'), '');
    const { child, finished } = folder.start(['run', '--token=hunter2', '--pin', '998877', '--fail=false']);
    await until(() => folder.trace('ran') !== '');
    const line = readFileSync(`/proc/${child.pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    rmSync(folder.file('hold'));
    expect((await finished).status).toBe(0);
    expect(line).toContain('sample.js run --token=*** --pin *** --fail=false');
    expect(line).not.toMatch(/hunter2|998877/);
    await using home = await folder.home();
    const run = await home.flow('Sample').latestRun();
    expect(run?.command.slice(2)).toEqual(['run', '--token=***', '--pin', '***', '--fail=false']);
  });

  test('are described without their values', async () => {
    using folder = flowFolder(SAMPLE);
    expect((await folder.run(['run', '--help'])).stdout).toMatch(
      /--token=<string> +For the server \[secret, required\]/,
    );
    const { stdout } = await folder.run(['describe']);
    expect(JSON.parse(stdout)).toMatchObject({
      parameters: { properties: { token: { type: 'string', writeOnly: true }, pin: { type: 'integer' } } },
    });
    for (const args of [['run', '--help'], ['describe'], ['show']]) {
      expect((await folder.run(args)).stdout).not.toContain('998877');
    }
  });

  test('are refused when a program gives them on a command line', async () => {
    using folder = flowFolder(SAMPLE);
    const { status, stderr } = await folder.run(['run', '--runner-attribute-file=attributes', '--token=hunter2']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^Error: Parameter token is secret, and was given on the command line, where others/m);
    expect(stderr + folder.trace('attributes')).not.toContain('hunter2');
  });
});

describe('configs', () => {
  const SAMPLE = `
export class Sample extends FlowSpec.with(
  { fail: parameter.boolean({ default: false }) },
  { config: {
    model: config.json<{ depth: number }>('model.json'),
    limits: config.yaml<{ rows: number }>('limits.yaml', { required: false }),
  } },
) {
  depth = this.model.depth;
  result = '';
  start = step(() => {
    trace('ran', 'start ' + this.model.depth);
    this.next(this.middle);
  });
  middle = step(() => {
    trace('ran', 'middle ' + (this.limits?.rows ?? 'none'));
    this.next(this.last);
  });
  last = step(() => {
    if (this.fail) throw new Error('asked to');
    this.result = Object.isFrozen(this.model) + ' ' + this.model.depth;
    this.next(this.end);
  });
  end = step();
}`;

  function sample(): FlowFolder {
    const folder = flowFolder(SAMPLE);
    writeFileSync(folder.file('model.json'), '{ "depth": 3 }');
    return folder;
  }

  test('are there before the fields are, constant, and kept with the run', async () => {
    using folder = sample();
    writeFileSync(folder.file('limits.yaml'), 'rows: 7');
    expect((await folder.run(['run'])).status).toBe(0);
    expect(ran(folder)).toEqual(['start 3', 'middle 7']);
    expect(await parametersOf(folder)).toEqual({ fail: false, model: { depth: 3 }, limits: { rows: 7 } });
    await using home = await folder.home();
    const run = await home.flow('Sample').latestRun();
    expect(await run?.load('result', 'model', 'depth')).toEqual({ result: 'true 3', model: { depth: 3 }, depth: 3 });
  });

  test.each([
    ['in one word', ['--config=model=other.json', 'run'], 4],
    ['in two words', ['--config', 'model', 'other.json', 'run'], 4],
    ['behind the command', ['run', '--config', 'model', 'other.json'], 4],
    ['as a value', ['run', '--config-value=model={"depth": 5}'], 5],
    ['as a value in two words', ['--config-value', 'model', '{"depth": 5, "a": "="}', 'run', '--fail=false'], 5],
    ['the last of several', ['run', '--config=model=no.json', '--config=model=other.json'], 4],
    ['in the environment', ['run'], 4, { RACEWAY_CONFIG: 'model=other.json' }],
    ['in the environment, by name', ['run'], 4, { RACEWAY_CONFIG: '{ "model": "other.json" }' }],
    ['as a value in the environment', ['run'], 5, { RACEWAY_CONFIG_VALUE: '{ "model": { "depth": 5 } }' }],
    [
      'as a value, whatever file the environment names',
      ['run', '--config-value=model={"depth": 5}'],
      5,
      { RACEWAY_CONFIG: 'model=other.json' },
    ],
  ])('are replaced %s', async (_, args, depth, environment: NodeJS.ProcessEnv = {}) => {
    using folder = sample();
    writeFileSync(folder.file('other.json'), '{ "depth": 4 }');
    expect(await folder.run(args, environment)).toMatchObject({ status: 0 });
    expect(ran(folder)).toEqual([`start ${depth}`, 'middle none']);
  });

  test('are read from the working folder, not from beside the script', async () => {
    using folder = sample();
    mkdirSync(folder.file('elsewhere'));
    const { status, stderr } = await folder.run(['run', '--config=model=elsewhere/model.json']);
    expect(stderr).toMatch(
      /^Error: Config model is the file elsewhere\/model.json, which cannot be read: there is no such/m,
    );
    expect(stderr).toContain(`a relative path starts at ${folder.path}`);
    expect(status).toBe(2);
    writeFileSync(join(folder.path, 'elsewhere/model.json'), '{ "depth": 8 }');
    expect((await folder.run(['run', '--config=model=elsewhere/model.json'])).status).toBe(0);
    expect(ran(folder)).toContain('start 8');
  });

  test.each([
    [
      'without a path',
      ['run', '--config=model'],
      /--config takes <name>=<path> and was given "model"\nWrite --config=model=<path>/,
    ],
    ['without a value', ['run', '--config'], /--config needs a value/],
    ['no JSON', ['run', '--config-value=model={'], /--config-value takes JSON, and model is none: /],
    ['unknown', ['run', '--config=modle=x'], /The flow has no config modle\nDid you mean model\?/],
    ['twice', ['run', '--config=model=x', '--config-value=model=1'], /Config model was given both a file and a value/],
    [
      'wrong in the environment',
      ['run'],
      /RACEWAY_CONFIG cannot be .*: expected paths by name/,
      { RACEWAY_CONFIG: '{"model":1}' },
    ],
    ['not there', ['check', '--config=model=no.json'], /Config model is the file no.json, which cannot be read/],
  ])('that are given wrongly are refused: %s', async (_, args, message, environment: NodeJS.ProcessEnv = {}) => {
    using folder = sample();
    const { status, stderr } = await folder.run(args, environment);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ {4}at /m);
    expect(status).toBe(2);
  });

  test('of a resumed run are those of its origin; what read one that is another runs again', async () => {
    using folder = sample();
    await folder.run(['run', '--fail=true']);
    rmSync(folder.file('model.json'));
    await folder.run(['resume'], { RACEWAY_CONFIG_VALUE: '{ "model": { "depth": 4 } }' });
    expect(ran(folder)).toEqual(['start 3', 'middle none']);
    writeFileSync(folder.file('limits.yaml'), 'rows: 9');
    const { status } = await folder.run(['resume', '--fail=false', '--config=limits=limits.yaml']);
    expect(status).toBe(0);
    expect(ran(folder)).toEqual(['start 3', 'middle none', 'middle 9']);
  });

  test('are named by help, show and describe', async () => {
    using folder = sample();
    const help = (await folder.run(['run', '--help'])).stdout;
    expect(help).toMatch(/--config=model=<path> +\[default: model.json\]/);
    expect(help).toMatch(/--config=limits=<path> +\[default: limits.yaml, if it is there\]/);
    expect(help).toMatch(/--config-value=<name>=<json> \.\.\./);
    expect((await folder.run(['show'])).stdout).toContain('Config model\n    model.json\n');
    expect(JSON.parse((await folder.run(['describe'])).stdout)).toMatchObject({
      configs: [
        { name: 'model', format: 'json', file: 'model.json', required: true },
        { name: 'limits', format: 'yaml', required: false },
      ],
    });
  });

  test('that are named like a step are a mistake that names the line', async () => {
    using folder = flowFolder(SAMPLE.replaceAll('limits', 'middle').replace('this.middle?.rows', '0'));
    writeFileSync(folder.file('model.json'), '{ "depth": 3 }');
    const { stderr } = await folder.run(['check']);
    expect(stderr).toMatch(/sample\.js:13: Config middle is named like a step: rename one of them\./);
  });
});
