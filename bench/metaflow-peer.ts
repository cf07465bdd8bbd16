import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from './bench.ts';
import type { Place } from './place.ts';

/** Metaflow as it is installed from PyPI. */
export interface MetaflowPeer {
  readonly python: string;
  /** The environment for it, in which nothing of the user's own Metaflow is read or written. */
  readonly env: NodeJS.ProcessEnv;
}

/** A Python that has Metaflow; says how to make one when there is none. */
export function metaflowPeer({ report }: Bench, { folder, env }: Place): MetaflowPeer | undefined {
  const python = metaflowPython();
  if (existsSync(python)) {
    return { python, env: { ...env, USER: 'bench', METAFLOW_HOME: folder, METAFLOW_DATASTORE_SYSROOT_LOCAL: folder } };
  }
  report.note(
    `Metaflow: not measured, there is no ${python}. To make it, run: ` +
      '`python3 -m venv .venv && .venv/bin/pip install -r test/fixtures/metaflow/requirements.txt`',
  );
  return undefined;
}

/** Where the Python with Metaflow is expected. */
export function metaflowPython(): string {
  return process.env['RACEWAY_TEST_PYTHON'] ?? join(import.meta.dirname, '..', '.venv', 'bin', 'python');
}
