/** The environment variable that makes a flow script a worker. */
export const WORKER_VARIABLE = 'RACEWAY_WORKER';
