import { errorFromWire } from './errors.js';
/** The version of the flow protocol that this library speaks. */
export const PROTOCOL = 1;
/** The text that announces a run. */
export function formatAttributes(content) {
    return `${JSON.stringify(content)}\n`;
}
/**
 * Reads an attribute file. Metaflow writes it in place, so a text that is not yet valid JSON, or lacks a name, is one
 * that is still being written.
 */
export function parseAttributes(text) {
    const content = parseObject(text);
    if (content === undefined)
        return { kind: 'incomplete' };
    const error = errorFromWire(content['error']);
    if (error !== undefined)
        return { kind: 'error', error };
    const flowName = name(content['flow_name']);
    const runId = name(content['run_id']);
    if (flowName === undefined || runId === undefined)
        return { kind: 'incomplete' };
    return {
        kind: 'attributes',
        attributes: {
            flow_name: flowName,
            run_id: runId,
            metadata: name(content['metadata']),
            home: name(content['home']),
            protocol: typeof content['protocol'] === 'number' ? content['protocol'] : undefined,
            step_name: name(content['step_name']),
            task_id: name(content['task_id']),
        },
    };
}
function parseObject(text) {
    let content;
    try {
        content = JSON.parse(text);
    }
    catch {
        return undefined; // not an error: the writer is still at it
    }
    return typeof content === 'object' && content !== null ? content : undefined;
}
function name(value) {
    if (typeof value === 'number')
        return String(value);
    return typeof value === 'string' && value !== '' ? value : undefined;
}
