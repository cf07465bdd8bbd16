import type { FlowClass } from '../flow/flow-spec.ts';
/** Serves tasks until the run process closes the channel or ends this process. Never settles. */
export declare function runWorker(flowClass: FlowClass): Promise<never>;
