import { type RacewayError, type WireError } from './errors.ts';
/** The version of the flow protocol that this library speaks. */
export declare const PROTOCOL = 1;
/**
 * What a child writes to its `--runner-attribute-file` once its run exists. The names are Metaflow's; `home` and
 * `protocol` are there when the flow is raceway's, `task_id` and `step_name` when a single task was run.
 */
export interface Attributes {
    readonly flow_name: string;
    readonly run_id: string;
    readonly metadata?: string | undefined;
    readonly home?: string | undefined;
    readonly protocol?: number | undefined;
    readonly step_name?: string | undefined;
    readonly task_id?: string | undefined;
}
/** What stands in an attribute file so far. */
export type AttributeFile = {
    readonly kind: 'incomplete';
} | {
    readonly kind: 'attributes';
    readonly attributes: Attributes;
} | {
    readonly kind: 'error';
    readonly error: RacewayError;
};
/** The text that announces a run. */
export declare function formatAttributes(content: Attributes | {
    readonly error: WireError;
}): string;
/**
 * Reads an attribute file. Metaflow writes it in place, so a text that is not yet valid JSON, or lacks a name, is one
 * that is still being written.
 */
export declare function parseAttributes(text: string): AttributeFile;
