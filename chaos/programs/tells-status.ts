/** Prints the status of a run, and the kind of its reason: `tells-status.ts <home> <pathspec>`. */
import { openHome } from 'raceway';

const [home, pathspec] = process.argv.slice(2);
await using opened = await openHome(home ?? '');
const { status, reason } = await opened.run(pathspec ?? '');
console.log([status, reason?.kind].filter((word) => word !== undefined).join(' '));
