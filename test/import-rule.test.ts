import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../src/', import.meta.url));

/** Which rooms each room may call, besides itself. As in ARCHITECTURE.md. */
const MAY_CALL: Readonly<Record<string, readonly string[]>> = {
  core: [],
  store: ['core'],
  process: ['core'],
  client: ['core', 'store', 'process'],
  flow: ['core', 'store', 'process', 'client'],
  engine: ['core', 'store', 'process', 'client', 'flow'],
  program: ['core', 'store', 'process', 'client', 'flow', 'engine'],
  runner: ['core', 'process', 'client'],
  cli: ['core', 'process', 'client', 'runner'],
  testing: ['core', 'store', 'flow', 'engine'],
};

/** Packages that only the parent side may load: a flow script has to start fast. */
const PARENT_ONLY = ['execa', 'chokidar', 'tree-kill', 'tmp-promise', 'commander', '@bomb.sh/tab', 'yocto-spinner'];

interface Import {
  /** As it is written. */
  readonly name: string;
  /** Whether it is gone when the program runs. */
  readonly isTypeOnly: boolean;
}

interface Module {
  /** Relative to `src`. */
  readonly path: string;
  readonly imports: readonly Import[];
}

const modules = new Map<string, Module>(
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    .map((path) => [path, { path, imports: importsOf(readFileSync(join(root, path), 'utf8')) }]),
);

/** Static and dynamic imports, and re-exports. */
function importsOf(source: string): Import[] {
  const code = source.replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, '');
  const statements = code.matchAll(/\b(?:import|export)\s+(type\s+)?([\w\s{},*$]*?)\s*from\s*'([^']+)'/g);
  const bare = code.matchAll(/\bimport\s*(\(\s*)?'([^']+)'/g);
  return [
    ...[...statements].map(([, type, names = '', name = '']) => ({
      name,
      isTypeOnly: type !== undefined || isAllTypes(names),
    })),
    ...[...bare].map(([, , name = '']) => ({ name, isTypeOnly: false })),
  ];
}

function isAllTypes(names: string): boolean {
  const list = /^\{([^}]*)\}$/.exec(names.trim())?.[1];
  const parts = list
    ?.split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  return parts !== undefined && parts.length > 0 && parts.every((part) => part.startsWith('type '));
}

/** The module that a relative import names, or `undefined` for a package. */
function target(from: Module, { name }: Import): string | undefined {
  if (!name.startsWith('.')) return undefined;
  return relative(root, resolve(root, dirname(from.path), name));
}

function roomOf(path: string): string | undefined {
  return path.includes('/') ? path.split('/')[0] : undefined;
}

/** Everything that is loaded, sooner or later, by whoever loads `entry`. */
function reachable(entry: string): Module[] {
  const found = new Set<Module>();
  const visit = (path: string): void => {
    const module = modules.get(path);
    if (module === undefined || found.has(module)) return;
    found.add(module);
    for (const one of module.imports) {
      const next = one.isTypeOnly ? undefined : target(module, one);
      if (next !== undefined) visit(next);
    }
  };
  visit(entry);
  return [...found];
}

describe('the import rule', () => {
  test('knows every room', () => {
    const rooms = [...modules.keys()].map(roomOf).filter((room) => room !== undefined);
    expect(new Set(rooms).difference(new Set(Object.keys(MAY_CALL)))).toEqual(new Set());
  });

  test('has no back arrow', () => {
    const wrong: string[] = [];
    for (const module of modules.values()) {
      const room = roomOf(module.path);
      if (room === undefined) continue;
      for (const one of module.imports) {
        const to = target(module, one);
        const toRoom: string | undefined = to === undefined ? room : roomOf(to);
        // An entry point stands above all rooms.
        const isAllowed = toRoom === room || (toRoom !== undefined && MAY_CALL[room]?.includes(toRoom) === true);
        if (!isAllowed) wrong.push(`${module.path} imports ${one.name}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('names files with their ending, and only files that exist', () => {
    const wrong: string[] = [];
    for (const module of modules.values()) {
      for (const one of module.imports) {
        const to = target(module, one);
        if (to !== undefined && !modules.has(to)) wrong.push(`${module.path} imports ${one.name}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('keeps the packages of the parent side out of a flow script', () => {
    const loaded = reachable('flow.ts');
    expect(loaded.length).toBeGreaterThan(10);
    const wrong = loaded.flatMap(({ path, imports }) =>
      imports.filter(({ name }) => PARENT_ONLY.includes(name)).map(({ name }) => `${path} imports ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  test.each([
    ['index.ts', 'runner'],
    ['cli.ts', 'cli'],
  ])('keeps flows and the engine out of the parent side, %s', (entry, room) => {
    const rooms = new Set(reachable(entry).map(({ path }) => roomOf(path)));
    expect(rooms).toContain(room);
    expect(rooms.intersection(new Set(['flow', 'engine', 'program']))).toEqual(new Set());
  });

  test('keeps what writes a home out of the tests of flows', () => {
    const loaded = reachable('testing.ts').map(({ path }) => path);
    expect(loaded).toContain('engine/execute-task.ts');
    expect(loaded.filter((path) => /sqlite|artifact-files|home-folder/.test(path))).toEqual([]);
  });

  test('sees an import of each kind', () => {
    const source = [
      `import './a.ts';`,
      `import { b, type C } from './b.ts';`,
      `import type { D } from './d.ts';`,
      `import { type E } from './e.ts';`,
      `export * from './f.ts';`,
      `export { g } from './g.ts';`,
      `const h = await import('./h.ts');`,
      `// import './no.ts';`,
    ].join('\n');
    expect(
      importsOf(source)
        .map(({ name, isTypeOnly }) => `${name}${isTypeOnly ? ' type' : ''}`)
        .toSorted(),
    ).toEqual(['./a.ts', './b.ts', './d.ts type', './e.ts type', './f.ts', './g.ts', './h.ts']);
  });
});
