// A script that does nothing but run a flow: `runs-once.ts <flow file> <home>`.
import { Runner } from 'raceway';

const [flowFile = '', home = ''] = process.argv.slice(2);
await using runner = new Runner(flowFile, { home, showOutput: false });
await runner.run();
