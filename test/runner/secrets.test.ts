import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { InvalidOptionError } from '../../src/core/errors.ts';
import { marked } from '../../src/process/marked.ts';
import { Runner } from '../../src/runner/runner.ts';
import { flowFolder, type FlowFolder } from '../flow-folder.ts';
import { until } from '../until.ts';

const SECRET = 'hunter2-🔑-hunter2';

const BODY = `{
  start = step(async () => {
    const child = spawn('sleep', ['600'], { stdio: 'ignore' });
    trace('length', String(this.token.length) + ' ' + this.plain);
    while (existsSync('hold')) await sleep(5);
    child.kill();
    this.next(this.last);
  });
  last = step(() => {
    if (this.fail) throw new Error('asked to');
    this.next(this.end);
  });
  end = step();
}`;

const PARAMETERS = `{
  token: parameter.string({ secret: true, required: true }),
  code: parameter.of({ '~standard': { version: 1, vendor: 'test', validate: (value: unknown) =>
    value === undefined || value === 'right' ? { value } : { issues: [{ message: 'not ' + String(value) }] } } }, { secret: true }),
  plain: parameter.string({ default: '' }),
  fail: parameter.boolean({ default: false }),
}`;

function declaredHere(): FlowFolder {
  return flowFolder(`export class Sample extends FlowSpec.with(${PARAMETERS}) ${BODY}`);
}

function declaredElsewhere(): FlowFolder {
  const folder = flowFolder(`import { parameters } from './declared.ts';
export class Sample extends FlowSpec.with(parameters) ${BODY}`);
  writeFileSync(
    folder.file('declared.ts'),
    `import { parameter } from 'raceway/flow';\nexport const parameters = ${PARAMETERS};`,
  );
  return folder;
}

/** The files in the folder, and below it, that hold the text. */
function filesWith(text: string, folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => {
    const file = join(folder, name);
    return statSync(file).isFile() && readFileSync(file).includes(text);
  });
}

/** The command lines of the runs of a runner that was given the variable, and of all that they started. */
async function commandLines(variable: string): Promise<string[]> {
  const ids = await marked({ name: variable });
  return ids.flatMap((id) => {
    try {
      return [readFileSync(`/proc/${id}/cmdline`, 'utf8').replaceAll('\0', ' ')];
    } catch {
      return []; // it has ended
    }
  });
}

describe.each([
  ['in the flow script', declaredHere],
  ['in a module that it imports', declaredElsewhere],
])('a secret parameter that is declared %s', (where, make) => {
  const variable = `RACEWAY_TEST_SECRETS_${where.length}`;

  test('is seen by the task and by nobody else', async () => {
    using folder = make();
    await using runner = new Runner(folder.script, {
      showOutput: false,
      cwd: folder.path,
      env: { [variable]: 'here' },
    });
    writeFileSync(folder.file('hold'), '');
    const running = await runner.asyncRun({ token: SECRET, plain: 'x' }, { tags: ['t'] });
    await until(() => folder.trace('length') !== '');
    const lines = await commandLines(variable);
    rmSync(folder.file('hold'));
    await running.wait();
    expect(running.status).toBe('successful');
    expect(folder.trace('length')).toBe(`${SECRET.length} x\n`);
    // The run process, a worker, and what the task started.
    expect(lines.length).toBeGreaterThanOrEqual(3);
    expect(lines.join('\n')).toContain('sample.js run ');
    expect(lines.join('\n')).toContain('sleep 600');
    expect(lines.join('\n')).not.toContain('hunter2');
    expect(running.command.join(' ')).not.toContain('hunter2');
    expect(running.stdout + running.stderr + inspect(running.run.parameters)).not.toContain('hunter2');
    expect(running.run.parameters).toMatchObject({ plain: 'x' });
    expect(filesWith('hunter2', folder.file('.raceway'))).toEqual([]);
    expect(filesWith('Sample', folder.file('.raceway'))).not.toEqual([]);
    const parametersFile = running.command.find((argument) => argument.startsWith('--parameters-file='))?.split('=')[1];
    expect(() => readFileSync(parametersFile ?? '')).toThrow('ENOENT');
  });

  test('is not in the error when it is refused', async () => {
    using folder = make();
    await using runner = new Runner(folder.script, { showOutput: false, cwd: folder.path });
    const error: unknown = await runner.run({ token: 'x', code: SECRET }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({
      option: 'code',
      message:
        'Parameter code was given what its schema refuses\nGive it text that the schema accepts, or JSON that does.',
    });
    expect(inspect(error, { depth: 9 })).not.toContain('hunter2');
  });

  test('is given again to a resume', async () => {
    using folder = make();
    await using runner = new Runner(folder.script, { showOutput: false, cwd: folder.path });
    const failed = await runner.run({ token: SECRET, fail: true });
    expect(failed.status).toBe('failed');
    await expect(runner.resume({ parameters: { fail: false } })).rejects.toThrow(
      'Parameter token is required and was not given again',
    );
    const resumed = await runner.resume({ parameters: { fail: false, token: `${SECRET}!` } });
    expect(resumed.status).toBe('successful');
    expect(folder.trace('length')).toBe(`${SECRET.length} \n`); // what read the other token was taken over
    expect(filesWith('hunter2', folder.file('.raceway'))).toEqual([]);
  });
});

test('a secret that is declared by what a flow reads when it runs is refused rather than shown unnoticed', async () => {
  using folder = flowFolder(`
const options = JSON.parse(readFileSync(new URL('options.json', import.meta.url), 'utf8'));
export class Sample extends FlowSpec.with({ token: parameter.string(options) }) {
  start = step(() => this.next(this.end));
  end = step();
}
import { readFileSync } from 'node:fs';`);
  writeFileSync(folder.file('options.json'), '{ "secret": true }');
  await using runner = new Runner(folder.script, { showOutput: false, cwd: folder.path });
  await expect(runner.run({ token: SECRET })).rejects.toThrow(
    'Parameter token is secret, and was given on the command line, where others can read it',
  );
  const env = { RACEWAY_RUN_TOKEN: SECRET };
  await using other = new Runner(folder.script, { showOutput: false, cwd: folder.path, env });
  expect((await other.run()).status).toBe('successful');
});

test('a flow without secrets gets its parameters on the command line', async () => {
  using folder =
    flowFolder(`export class Sample extends FlowSpec.with({ titles: parameter.string({ multiple: true }) }) {
  start = step(() => this.next(this.end));
  end = step();
}`);
  await using runner = new Runner(folder.script, { showOutput: false, cwd: folder.path });
  const running = await runner.run({ titles: ['a', '["b"]'] });
  expect(running.command).toContain('--titles=["a","[\\"b\\"]"]');
  expect(running.run.parameters).toEqual({ titles: ['a', '["b"]'] });
});

test('configs are given to the runner, as files or values', async () => {
  using folder = flowFolder(`
export class Sample extends FlowSpec.with({}, { config: { model: config.json('model.json'), limits: config.yaml('limits.yaml') } }) {
  start = step(() => this.next(this.end));
  end = step();
}`);
  writeFileSync(folder.file('other.yaml'), 'rows: 3');
  await using runner = new Runner(folder.script, {
    showOutput: false,
    cwd: folder.path,
    config: { limits: 'other.yaml' },
    configValue: { model: { text: 'a = "b"' } },
  });
  const running = await runner.run();
  expect(running.run.parameters).toEqual({ model: { text: 'a = "b"' }, limits: { rows: 3 } });
});
