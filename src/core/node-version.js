// Imported first by the entry points. On an older Node `import.meta.main` may be undefined, so that a flow script would
// end silently with status 0, and `node:sqlite` may be missing.
const NEEDED = [24, 2];
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
    throw new Error(`raceway needs Node ${NEEDED.join('.')} or newer and this is Node ${process.versions.node}\n` +
        'Install a newer Node, or add it to the project (npm install --save-dev node@24) and start it through an npm script.');
}
export {};
