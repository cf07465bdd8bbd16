/**
 * The folder this library's code runs from, as a file URL: `dist/` when installed, `src/` in its own unit tests. Stack
 * frames in there are of no use to the author of a flow.
 */
export const OWN_FOLDER = import.meta.url.replace(/^(.*\/(?:dist|src)\/).*$/, '$1');
