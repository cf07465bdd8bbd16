import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

/** What a suite says in the end whose tests ran this shell command; what that left may take so long to end by itself. */
function endOfSuite(command: string, { limitMs = 100 } = {}): string {
  const script = `
    import { spawnSync } from 'node:child_process';
    import setUp from ${JSON.stringify(new URL('global-setup.ts', import.meta.url))};
    const tearDown = await setUp(undefined, ${JSON.stringify({ limitMs })});
    spawnSync('sh', ['-c', ${JSON.stringify(command)}]);
    await tearDown().then(() => console.log('nothing'), ({ message }) => console.log(message));`;
  return spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' }).stdout;
}

test('the suite fails when its tests leave a process that has a PATH and no other variable, as a guardian', () => {
  const leaves = 'env -i PATH="$PATH" setsid sleep 600 >/dev/null 2>&1 &';
  const command = `${leaves} until grep -q ^sleep /proc/$!/cmdline; do :; done`;
  expect(endOfSuite(command)).toMatch(/^the tests left something behind:\n\d+ sleep 600 \n$/);
});

test('the suite fails when its tests leave a temporary folder', () => {
  expect(endOfSuite('mkdir "$TMPDIR/raceway-1"')).toBe('the tests left something behind:\nraceway-1\n');
});

test('the suite succeeds when its tests leave nothing, or what ends soon', () => {
  expect(endOfSuite('sleep 0.02 &', { limitMs: 20_000 })).toBe('nothing\n');
});
