import type { StandardSchemaV1 } from '@standard-schema/spec';

/** Whether it is a Standard Schema of version 1: one of zod, valibot, arktype … */
export function isStandardSchema(value: unknown): value is StandardSchemaV1 {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard = (value as Record<string, unknown>)['~standard'];
  return typeof standard === 'object' && standard !== null && (standard as Record<string, unknown>)['version'] === 1;
}

/** What is wrong, in one line: each issue with the place in the value where it stands. */
export function describeIssues(issues: readonly StandardSchemaV1.Issue[]): string {
  return issues
    .map(({ message, path = [] }) => {
      const where = path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
      return where === '' ? message : `${where}: ${message}`;
    })
    .join('; ');
}
