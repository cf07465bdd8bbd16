import type { RunQuery, RunReader, RunRecord } from '../store/run-store.ts';

/** How many runs are read at once unless fewer are wanted. */
export const PAGE_SIZE = 100;

/** Runs of a flow as they are recorded, newest first, page by page: leaving the loop early costs nothing. */
export async function* recordedRuns(
  store: RunReader,
  flow: string,
  { pageSize = PAGE_SIZE, ...query }: Omit<RunQuery, 'limit' | 'before'> & { readonly pageSize?: number },
): AsyncGenerator<RunRecord, void, undefined> {
  let page: readonly RunRecord[];
  let before: number | undefined;
  do {
    page = await store.runs(flow, { ...query, limit: pageSize, before });
    yield* page;
    before = page.at(-1)?.position;
  } while (page.length === pageSize);
}
