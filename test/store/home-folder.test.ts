import { existsSync, mkdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeFolderInHome } from '../../src/store/home-folder.ts';
import { temporaryFolder } from '../temporary-folder.ts';

test('a folder of a home is made with those between the two, but never the home, which somebody may have removed', () => {
  using folder = temporaryFolder();
  const [home, gone] = [folder.file('home'), folder.file('gone')];
  mkdirSync(home);
  makeFolderInHome(home, folder.file('home/logs/Flow/1'));
  makeFolderInHome(home, folder.file('home/logs'));
  expect(existsSync(folder.file('home/logs/Flow/1'))).toBe(true);
  expect(() => makeFolderInHome(gone, folder.file('gone/logs/Flow/1'))).toThrow(/ENOENT/);
  expect(existsSync(gone)).toBe(false);
});
