import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { foreignRun } from '../../src/client/foreign-run.ts';
import { Run } from '../../src/client/run.ts';

const run = foreignRun('PyFlow/1763719200123456');

describe('a foreign run', () => {
  test('has id, pathspec and the name of the flow', () => {
    expect(run.id).toBe('1763719200123456');
    expect(run.pathspec).toBe('PyFlow/1763719200123456');
    expect(run.flowName).toBe('PyFlow');
  });

  test('prints well', () => {
    expect(inspect(run)).toBe('Run PyFlow/1763719200123456 (kept elsewhere)');
    expect(String(run)).toBe('PyFlow/1763719200123456');
    expect(inspect(run.data)).toBe('Data PyFlow/1763719200123456');
  });

  test('can be awaited and is a run', async () => {
    expect(await Promise.resolve(run)).toBe(run);
    expect(run).toBeInstanceOf(Run);
  });

  test('says why when its data is read', async () => {
    await expect(run.data['model']).rejects.toMatchObject({
      code: 'FOREIGN_RUN',
      message: expect.stringContaining('cannot read data.model of PyFlow/1763719200123456'),
    });
    await expect(run.load('model')).rejects.toMatchObject({ code: 'FOREIGN_RUN' });
  });

  test('throws or rejects with every other member of a run', async () => {
    const own = new Set(['constructor', 'toString']);
    const members = Object.entries(Object.getOwnPropertyDescriptors(Run.prototype)).filter(([name]) => !own.has(name));
    expect(members.length).toBeGreaterThan(15);
    for (const [name, member] of members) {
      const call = async () => {
        const method: unknown = Reflect.get(run, name);
        return (method as () => unknown)();
      };
      if (member.get !== undefined) expect(() => Reflect.get(run, name) as unknown, name).toThrow(/kept elsewhere/);
      else await expect(call(), name).rejects.toMatchObject({ code: 'FOREIGN_RUN' });
    }
  });

  test('fails the loop when it is looped over', async () => {
    await expect(Array.fromAsync(run)).rejects.toMatchObject({ code: 'FOREIGN_RUN' });
    await expect(Array.fromAsync(run.watch())).rejects.toMatchObject({ code: 'FOREIGN_RUN' });
  });

  test('refuses what is no pathspec of a run', () => {
    expect(() => foreignRun('PyFlow')).toThrow(/is not a pathspec/);
  });
});
