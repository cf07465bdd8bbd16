import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { identityOf, ownIdentity, presence } from '../../src/process/identity.ts';
import { parseStat } from '../../src/process/process-stat.ts';

describe('presence', () => {
  test('is alive for this process', () => {
    expect(ownIdentity().pid).toBe(process.pid);
    expect(presence(ownIdentity())).toBe('alive');
  });

  test('is alive for a stopped process, and gone when it has ended', async () => {
    const child = spawn('sleep', ['600'], { stdio: 'ignore' });
    const identity = identityOf(child.pid ?? 0) ?? expect.fail('no identity');
    child.kill('SIGSTOP');
    expect(presence(identity)).toBe('alive');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(presence(identity)).toBe('gone');
  });

  test('is gone when the pid belongs to a later process', () => {
    expect(presence({ ...ownIdentity(), startTime: '1' })).toBe('gone');
  });

  test('is gone when the machine was started since', () => {
    expect(presence({ ...ownIdentity(), bootId: 'an-earlier-one' })).toBe('gone');
  });

  test('is elsewhere when only another machine could tell', () => {
    expect(presence({ ...ownIdentity(), host: 'another-machine' })).toBe('elsewhere');
  });

  test('is alive for a process whose name has spaces and parentheses', async () => {
    const program = join(mkdtempSync(join(tmpdir(), 'names-')), 'a) R 1 (b');
    copyFileSync('/bin/sleep', program);
    const child = spawn(program, ['600'], { stdio: 'ignore' });
    const identity = identityOf(child.pid ?? 0) ?? expect.fail('no identity');
    expect(presence(identity)).toBe('alive');
    child.kill();
    await once(child, 'exit');
  });
});

describe('identityOf', () => {
  test('is undefined when there is no such process', () => {
    expect(identityOf(2 ** 22 + 1)).toBeUndefined();
  });
});

describe('parseStat', () => {
  test('reads past a name that looks like the fields after it', () => {
    const text = `7 (x) Z 1 (y) S 42 43 44 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1 2`;
    expect(parseStat(text)).toEqual({ ended: false, parentPid: 42, group: 43, startTime: '987654' });
  });

  test.each(['Z', 'X'])('takes state %s for ended', (state) => {
    const text = `7 (x) ${state} 42 43 44 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1 2`;
    expect(parseStat(text)?.ended).toBe(true);
  });

  test('is undefined for what is no such file', () => {
    expect(parseStat('')).toBeUndefined();
  });
});
