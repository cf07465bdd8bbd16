import type { FlowClass } from '../flow/flow-spec.ts';
/**
 * Makes a script a flow script: reads the command line, does what it says, and ends the process with its status
 * (0 success, 1 the run failed, 2 usage or lint, 124 timed out, 130 and 143 interrupted). Does not return.
 *
 * @example
 * if (import.meta.main) await main(SlowFlow);
 */
export declare function main(flowClass: FlowClass): Promise<never>;
