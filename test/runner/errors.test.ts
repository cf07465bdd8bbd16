import { expect, test } from 'vitest';
import { FlowStartError, StartTimeoutError } from '../../src/runner/errors.ts';

test.each([
  [1, null, 'the child ended with exit status 1 before it announced one'],
  [null, 'SIGKILL', 'the child was ended by SIGKILL before it announced one'],
  [null, null, 'the child ended, nobody knows how, before it announced one'], // a detached one, struck down with its keeper
] as const)('a FlowStartError of a child with exit status %o and signal %o says %s', (exitCode, signalCode, says) => {
  const { message } = new FlowStartError({ command: ['node'], exitCode, signalCode, stdout: '', stderr: '' });
  expect(message).toContain(`no run was started: ${says}`);
});

test('the command that an error of a start gives has nothing in it that only a Runner can give', () => {
  const given = [
    '--runner-attribute-file=/gone/attributes.json',
    '--parameters-file=/gone/p',
    '--artifacts-file=/gone/a',
    '--arguments-file=/gone/b',
  ];
  const command = ['node', 'flow.ts', 'spin', '1/start', ...given, '--text=--arguments-file'];
  const facts = { command, stdout: '', stderr: '' };
  const pasted = 'node flow.ts spin 1/start --text=--arguments-file';
  for (const [error, says] of [
    [new FlowStartError({ ...facts, exitCode: 1, signalCode: null }), 'or read what it printed'],
    [new StartTimeoutError(facts, 5), 'or see what keeps it'],
  ] as const) {
    const advice = error.message.split('\n')[1];
    expect(advice).toContain(says);
    expect(advice).toContain('(and add the parameters, artifacts and arguments that it got in a file)');
    expect(advice?.endsWith(`: ${pasted}`)).toBe(true);
    expect(error.command).toEqual(command);
  }
});

test('a FlowStartError whose output was lost says where and what to do, and not to read it', () => {
  const lostOutput = { why: 'is gone: somebody removed /tmp/x (ENOENT)', advice: 'Keep them away.' };
  const facts = { command: ['node', 'flow.ts', 'run'], stdout: '', stderr: '', exitCode: 1, signalCode: null };
  expect(new FlowStartError({ ...facts, lostOutput }).message).toBe(
    'no run was started: the child ended with exit status 1 before it announced one, and what it printed is gone: somebody removed /tmp/x (ENOENT)\n' +
      'Keep them away. Run the command yourself: node flow.ts run',
  );
});
