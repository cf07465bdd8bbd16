import { expect, test } from 'vitest';
import { FlowStartError } from '../../src/runner/errors.ts';

test.each([
  [1, null, 'the child ended with exit status 1 before it announced one'],
  [null, 'SIGKILL', 'the child was ended by SIGKILL before it announced one'],
  [null, null, 'the child ended, nobody knows how, before it announced one'], // a detached one, struck down with its keeper
] as const)('a FlowStartError of a child with exit status %o and signal %o says %s', (exitCode, signalCode, says) => {
  const { message } = new FlowStartError({ command: ['node'], exitCode, signalCode, stdout: '', stderr: '' });
  expect(message).toContain(`no run was started: ${says}`);
});
