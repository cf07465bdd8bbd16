/**
 * Asks the registry for known vulnerabilities of everything that is installed: `node .ci/audit.ts`. It fails when there is one of
 * whatever level. Not every registry answers `npm audit`; then that is said, and nothing fails.
 */
import { spawnSync } from 'node:child_process';

interface Answer {
  /** By the name of the package; missing when the registry gave no answer. */
  readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string; readonly range: string }>>;
  readonly message?: string;
  readonly error?: { readonly summary?: string };
}

const { stdout, stderr, error } = spawnSync('npm', ['audit', '--json'], { encoding: 'utf8' });
if (error !== undefined) throw error;
const answer = parse(stdout);
if (answer === undefined) {
  console.error(`npm audit printed no JSON:\n${stdout}${stderr}`);
  process.exitCode = 1;
} else if (answer.vulnerabilities === undefined) {
  const why = answer.message ?? answer.error?.summary ?? 'it gave no reason';
  console.log(`NOT RUN: the registry does not answer npm audit (${why})`);
} else {
  const found = Object.entries(answer.vulnerabilities);
  for (const [name, { severity, range }] of found) console.error(`${name} ${range}: ${severity}`);
  console.log(`npm audit: ${found.length} packages with known vulnerabilities`);
  if (found.length > 0) process.exitCode = 1;
}

function parse(text: string): Answer | undefined {
  try {
    return JSON.parse(text) as Answer;
  } catch {
    return undefined;
  }
}
