import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openHome } from '../../src/client/home.ts';
import { formatCommand } from '../../src/core/format-command.ts';
import { GRACE_MS } from '../../src/process/groups.ts';
import { ownIdentity } from '../../src/process/identity.ts';
import { openSqliteStore } from '../../src/store/sqlite-store.ts';
import { flowFolder, type FlowFolder } from '../flow-folder.ts';
import { until } from '../until.ts';
import { jsonLines, raceway, startRaceway } from './raceway.ts';

/** Fails in its second step as long as the file that it is given is not there, or waits for it. */
const SOURCE = `
class Sample extends FlowSpec.with({
  gate: parameter.string(),
  waits: parameter.boolean({ default: false }),
}) {
  start = step(() => { console.log('started for', this.gate); this.next(this.end); });
  end = step(async () => {
    while (this.waits && !existsSync(this.gate)) await sleep(5);
    if (!existsSync(this.gate)) throw new Error('the gate is shut');
    console.log('went through');
  });
}
`;

let folder: FlowFolder;
beforeAll(() => {
  folder = flowFolder(SOURCE);
});
afterAll(() => folder[Symbol.dispose]());

function place() {
  // In the project, or the flow script that a run names would not be executed again.
  const path = mkdtempSync(folder.file('place-'));
  const gate = join(path, 'gate');
  const script = join(path, 'sample.js');
  copyFileSync(folder.script, script);
  return {
    gate,
    script,
    cwd: path,
    open: () => {
      writeFileSync(`${gate}.new`, '');
      renameSync(`${gate}.new`, gate);
    },
    /** Calls raceway in the folder. */
    raceway: (args: readonly string[]) => raceway(args, { cwd: path }),
    json: async (args: readonly string[]) =>
      jsonLines((await raceway(['--json', ...args], { cwd: path })).stdout) as Record<string, unknown>[],
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

describe('raceway run', () => {
  test('gives the flow its arguments, shows what it prints, and ends as it ends', async () => {
    using at = place();
    const failed = await at.raceway(['run', at.script, '--gate', at.gate, '--tag=mine']);
    expect(failed.status).toBe(1);
    expect(failed.stdout).toContain(`started for ${at.gate}`);
    expect(failed.stderr).toContain('the gate is shut');
    expect(await at.json(['ls'])).toMatchObject([{ status: 'failed', tags: ['mine'] }]);
    at.open();
    expect((await at.raceway(['run', at.script, '--gate', at.gate])).status).toBe(0);
  });

  test('prints what became of the run as JSON, and nothing else', async () => {
    using at = place();
    const { status, stdout } = await at.raceway(['run', '--json', at.script, '--gate', at.gate]);
    expect(status).toBe(1);
    expect(jsonLines(stdout)).toMatchObject([{ flow: 'Sample', status: 'failed', reason: { kind: 'task' } }]);
  });

  test('says once what is wrong with the arguments, as the flow does', async () => {
    using at = place();
    const { status, stderr } = await at.raceway(['run', at.script, '--gat=x']);
    expect(status).toBe(2);
    expect(stderr.match(/Did you mean --gate/g)).toHaveLength(1);
    expect(await at.raceway(['run', 'nowhere.ts'])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^Error: could not run .*nowhere\.ts: there is no such file\n/),
    });
    expect((await at.raceway(['run', at.script, '--help'])).stdout).toContain('--gate');
  });

  test('shows on a terminal how far the run is, below what it prints', async () => {
    using at = place();
    const calling = startRaceway(['run', at.script, '--gate', at.gate, '--waits=true'], {
      cwd: at.cwd,
      onTerminal: true,
      env: { CI: undefined },
    });
    await until(() => /Sample\/\d+ {2}1 done, running end/.test(calling.stdout()));
    at.open();
    const { status, stdout } = await calling.called;
    expect(status).toBe(0);
    expect(stdout).toContain('Done!');
    expect(stdout).toMatch(/\x1b\[\?25h/); // eslint-disable-line no-control-regex -- the cursor is shown again
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends the run when it gets %s', async (signal, exitStatus) => {
    using at = place();
    const calling = startRaceway(['run', at.script, '--gate', at.gate, '--waits=true'], { cwd: at.cwd });
    await until(() => calling.stdout().includes('/end/2 (pid'));
    calling.child.kill(signal);
    expect((await calling.called).status).toBe(exitStatus);
    expect(await at.json(['ls'])).toMatchObject([{ status: 'failed', reason: { kind: 'killed' } }]);
  });

  test('waits for no grace when it is interrupted a second time', async () => {
    using ignores = flowFolder(`
      class Sample extends FlowSpec {
        start = step(async () => {
          process.on('SIGTERM', () => {});
          console.log('begun');
          await sleep(600_000);
          this.next(this.end);
        });
        end = step();
      }`);
    const { child, called, stdout } = startRaceway(['run', ignores.script, '--grace=600'], { cwd: ignores.path });
    await until(() => stdout().includes('begun'));
    const startMs = performance.now();
    child.kill('SIGINT');
    await until(() => stdout().includes('interrupted'));
    child.kill('SIGINT');
    const { status, stderr } = await called;
    expect(performance.now() - startMs).toBeLessThan(GRACE_MS); // with it, it would take longer
    expect(status).toBe(130);
    expect(stderr).toMatch(/failed: it was ended on request\nTo see how far it came: raceway why Sample/);
  });

  test('goes on when whoever read its output has left', async () => {
    using at = place();
    const calling = startRaceway(['run', at.script, '--gate', at.gate, '--waits=true'], { cwd: at.cwd });
    await until(() => calling.stdout() !== '');
    calling.child.stdout?.destroy();
    at.open();
    await once(calling.child, 'exit');
    expect(await at.json(['ls'])).toMatchObject([{ status: 'successful' }]);
  });
});

describe('raceway run --detach, stop and resume', () => {
  test('starts a run that goes on, and ends it', async () => {
    using at = place();
    const started = await at.raceway(['run', '--detach', at.script, '--gate', at.gate, '--waits=true']);
    const pathspec = started.stdout.trim();
    expect(started.stderr).toContain(`raceway logs --follow ${pathspec}`);
    expect(await at.json(['ls'])).toMatchObject([{ pathspec, status: 'running' }]);
    expect(await at.json(['stop', pathspec])).toMatchObject([{ pathspec, status: 'failed', hadEnded: false }]);
    expect((await at.raceway(['stop', pathspec])).stdout).toContain('had ended already');
  });

  test('resumes what the latest run that failed had not done', async () => {
    using at = place();
    await at.raceway(['run', at.script, '--gate', at.gate]);
    expect((await at.raceway(['resume', '--dry-run'])).stdout).toMatch(/start +1 task cloned/);
    at.open();
    const resumed = await at.raceway(['resume']);
    expect(resumed.status).toBe(0);
    expect(resumed.stdout).not.toContain('started for');
    expect(resumed.stdout).toContain('went through');
    const nothing = await at.raceway(['resume']);
    expect(nothing).toMatchObject({ status: 1, stderr: expect.stringContaining('a resume has made it good') });
  });

  test('gives the flow what it does not know itself, and says where its own options stand', async () => {
    using at = place();
    await at.raceway(['run', at.script, '--gate', at.gate]);
    expect((await at.raceway(['resume', '--rerun-changed=maybe'])).stderr).toContain('--rerun-changed');
    const mistyped = await at.raceway(['run', '--detch', at.script]);
    expect(mistyped).toMatchObject({ status: 2, stderr: expect.stringContaining('Did you mean --detach?') });
    const foreign = await at.raceway(['run', '--detach', '/bin/true']);
    expect(foreign).toMatchObject({ status: 2, stderr: expect.stringContaining('it is no flow script of raceway') });
  });

  test('takes its own options wherever they stand, and what follows -- for the flow alone', async () => {
    using at = place();
    const home = join(at.cwd, 'elsewhere');
    const started = await at.raceway(['run', at.script, '--gate', at.gate, '--home', home, '--detach', '--json']);
    const [{ pathspec } = { pathspec: '' }] = jsonLines(started.stdout) as { pathspec: string }[];
    await using opened = await openHome(home);
    await until(async () => (await opened.run(pathspec)).finished);
    at.open();
    const resumed = await at.raceway(['resume', 'Sample', '--json', '--home', home, '--step', 'start']);
    expect(jsonLines(resumed.stdout)).toMatchObject([{ status: 'successful', originRunId: pathspec.split('/')[1] }]);
    const nothing = await at.raceway(['resume', 'Sample', '--home', home]);
    expect(nothing).toMatchObject({ status: 1, stderr: expect.stringContaining('nothing of it is left to run') });
    const passed = await at.raceway(['run', at.script, '--gate', at.gate, '--', '--json']);
    expect(passed.stderr).toContain('there is no option --json of run');
  });

  test('says what the flow could not say itself: that it was struck down, or ran nothing', async () => {
    using at = place();
    const calling = startRaceway(['run', at.script, '--gate', at.gate, '--waits=true'], { cwd: at.cwd });
    await until(() => calling.stdout().includes('/end/2 (pid'));
    await using home = await openHome({ cwd: at.cwd });
    const pid = (await home.processOf((await home.flow('Sample').latestRun())?.pathspec ?? ''))?.pid ?? 0;
    process.kill(pid, 'SIGKILL');
    expect(await calling.called).toMatchObject({
      status: 137,
      stderr: expect.stringMatching(
        /failed: its process was ended by SIGKILL\nTo see how far it came: raceway why Sample/,
      ),
    });
    writeFileSync(join(at.cwd, 'none.ts'), 'console.log("no flow")');
    const { stdout, stderr, status } = await at.raceway(['run', 'none.ts']);
    expect({ stdout, status }).toEqual({ stdout: 'no flow\n', status: 1 });
    expect(stderr).toBe(
      'Error: none.ts has run no flow, and ended with success\nDoes it end in `await main(MyFlow)`? To see what it does: node none.ts run\n',
    );
  });

  test('names a program that ran no flow as a shell finds it', async () => {
    using at = place();
    writeFileSync(join(at.cwd, 'prog'), '#!/bin/sh\nexit 3\n', { mode: 0o755 });
    expect((await at.raceway(['run', 'prog'])).stderr).toContain('To try it by itself: ./prog run\n');
  });

  test('lets the run come to its end when what is shown finds no room', async () => {
    using at = place();
    at.open();
    const command = [
      process.execPath,
      'dist/cli.js',
      '--home',
      join(at.cwd, 'home'),
      'run',
      at.script,
      '--gate',
      at.gate,
    ];
    const { status, stderr } = spawnSync('sh', ['-c', `exec ${formatCommand(command)} > /dev/full`], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(
        /Error: not all could be printed: ENOSPC.*\nMend that, or print to another place\.\n$/,
      ),
    });
    await using home = await openHome(join(at.cwd, 'home'));
    expect((await home.flow('Sample').latestRun())?.status).toBe('successful');
  });

  test('fails when the run ended with success in the middle of it', async () => {
    using leaves = flowFolder(
      `${SOURCE}\nif (process.send === undefined) setInterval(() => existsSync('leave') && process.exit(0), 5);`,
    );
    const { called, stdout } = startRaceway(['run', leaves.script, '--gate=none', '--waits=true'], {
      cwd: leaves.path,
    });
    await until(() => stdout().includes('/end/2 (pid'));
    writeFileSync(leaves.file('leave'), '');
    const { status, stderr } = await called;
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /failed: its process ended with exit status 0 before it was done\nIf its script does not leave early, the home has lost the end of it: raceway doctor\nTo see how far it came: raceway why Sample/,
    );
  });

  test('stops every run that is going on when it is asked to', async () => {
    using at = place();
    for (const _ of [1, 2]) {
      await at.raceway(['run', '--detach', at.script, '--gate', at.gate, '--waits=true']);
    }
    expect(await at.json(['stop', '--all'])).toMatchObject([{ status: 'failed' }, { status: 'failed' }]);
    expect(await at.raceway(['stop', '--all'])).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('No run is going on'),
    });
    expect(await at.raceway(['stop'])).toMatchObject({ status: 2 });
  });

  test('gives all that it stops their grace at once', async () => {
    // Each ends only when the other has been told to end as well.
    using meeting = flowFolder(`
      import { readFileSync } from 'node:fs';
      class Sample extends FlowSpec {
        start = step(async () => {
          const told = new Promise((resolve) => current.signal.addEventListener('abort', resolve));
          trace('begun', '');
          await told;
          trace('told', '');
          while (readFileSync('told', 'utf8').length < 2) await sleep(5);
          trace('met', '');
          this.next(this.end);
        });
        end = step();
      }`);
    for (const _ of [1, 2]) {
      await raceway(['run', '--detach', meeting.script, '--grace=600'], { cwd: meeting.path });
    }
    await until(() => meeting.trace('begun').length === 2);
    expect(await raceway(['stop', '--all', '--grace=600s'], { cwd: meeting.path })).toMatchObject({ status: 0 });
    expect(meeting.trace('met')).toHaveLength(2);
  });

  test('resumes a run from a step on, detached', async () => {
    using at = place();
    at.open();
    await at.raceway(['run', at.script, '--gate', at.gate]);
    const again = await at.json(['resume', '--detach', '--step', 'start', 'Sample']);
    expect(again).toMatchObject([{ pathspec: expect.stringMatching(/^Sample\//), pid: expect.any(Number) }]);
    await using home = await openHome({ cwd: at.cwd });
    await until(async () => (await home.run(String(again[0]?.['pathspec']))).finished);
    expect((await home.run(String(again[0]?.['pathspec']))).successful).toBe(true);
  });

  test('stop ends none when one of the runs does not exist', async () => {
    using at = place();
    const started = await at.raceway(['run', '--detach', at.script, '--gate', at.gate, '--waits=true']);
    expect((await at.raceway(['stop', started.stdout.trim(), 'Sample/1'])).status).toBe(1);
    expect(await at.json(['ls'])).toMatchObject([{ status: 'running' }]);
    expect((await at.raceway(['stop', '--grace=0s', 'Sample'])).status).toBe(0);
  });

  test('stop goes on with the others when a run cannot be ended, and names that one', async () => {
    using at = place();
    const started = await at.raceway(['run', '--detach', at.script, '--gate', at.gate, '--waits=true']);
    const local = started.stdout.trim();
    const store = openSqliteStore(join(at.cwd, '.raceway'), { access: 'write' });
    const elsewhere = await store.createRun({
      flow: 'Sample',
      user: 'ada',
      userTags: [],
      systemTags: [],
      parameters: '{}',
      command: ['node', at.script, 'run'],
      process: { ...ownIdentity(), host: 'elsewhere' },
    });
    await store.close();
    const pathspec = `Sample/${elsewhere.runId}`;
    const stopped = await at.raceway(['stop', '--all', '--json']); // the newest comes first
    expect(stopped.status).toBe(1);
    expect(jsonLines(stopped.stdout)).toMatchObject([{ pathspec: local, status: 'failed', hadEnded: false }]);
    const message = expect.stringMatching(new RegExp(`^${pathspec}: cannot end the run: .* on the machine elsewhere`));
    expect(jsonLines(stopped.stderr)).toMatchObject([{ error: { code: 'OTHER_MACHINE', message } }]);
    const named = await at.raceway(['stop', pathspec, local]);
    expect(named).toMatchObject({ status: 1, stdout: expect.stringContaining(`${local} had ended already`) });
  });

  test('stop ends every run though its reader leaves', async () => {
    using at = place();
    for (const _ of [1, 2]) {
      await at.raceway(['run', '--detach', at.script, '--gate', at.gate, '--waits=true']);
    }
    const { child } = startRaceway(['stop', '--all'], { cwd: at.cwd });
    child.stdout?.destroy();
    await once(child, 'exit');
    const listed = await at.json(['ls']);
    await at.raceway(['stop', '--all']); // whatever came of it
    expect(listed).toMatchObject([{ status: 'failed' }, { status: 'failed' }]);
  });

  test('stop and resume refuse a step and a task', async () => {
    using at = place();
    const started = await at.raceway(['run', '--detach', at.script, '--gate', at.gate, '--waits=true']);
    const run = started.stdout.trim();
    const called = await Promise.all(
      ['stop', 'resume'].map(async (command) => [
        await at.raceway([command, 'Sample/start']),
        await at.raceway([command, 'Sample/start/1']),
      ]),
    );
    const listed = await at.json(['ls']);
    await at.raceway(['stop', '--all']);
    expect(listed).toMatchObject([{ status: 'running' }]);
    const refused = (message: string) => ({
      status: 2,
      signal: null,
      stdout: '',
      stderr: `Error: cannot ${message}\n`,
    });
    const ofStop = `only whole runs can be stopped\nIts run is ${run}.`;
    const ofResume = `only whole runs can be resumed\nRun again from this step on: raceway resume --step=start ${run}`;
    expect(called.flat()).toEqual([
      refused(`stop Sample/start: it is a step, and ${ofStop}`),
      refused(`stop Sample/start/1: it is a task, and ${ofStop}`),
      refused(`resume Sample/start: it is a step, and ${ofResume}`),
      refused(`resume Sample/start/1: it is a task, and ${ofResume}`),
    ]);
  });

  test('resume executes nothing that a store names and that is not in the project', async () => {
    using at = place();
    using own = flowFolder(SOURCE);
    await at.raceway(['run', own.script, '--gate', at.gate]);
    at.open();
    const outside = await at.raceway(['resume']);
    expect(outside).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('is not in the project of the working folder'),
    });
    expect((await at.raceway(['resume', '--file', own.script])).status).toBe(0);
  });

  test('resume says what to type when it is given a flow script', async () => {
    using at = place();
    await at.raceway(['run', at.script, '--gate', at.gate]);
    expect(await at.raceway(['resume', 'sample.js'])).toMatchObject({
      status: 2,
      stderr:
        'Error: cannot resume sample.js: it is a file, and a run is wanted\n' +
        'The latest run that failed, with this script: raceway resume --file=sample.js\n',
    });
  });

  test('resume says when the flow script has gone', async () => {
    using at = place();
    await at.raceway(['run', at.script, '--gate', at.gate]);
    renameSync(at.script, join(at.cwd, 'renamed.ts'));
    const { status, stderr } = await at.raceway(['resume']);
    expect(status).toBe(1);
    expect(stderr).toContain('cannot be read any more\nSay which flow script it is: --file=<file>.');
  });
});
