/**
 * Run a flow whose source has its moods: a server in this script that is busy, hangs, hangs up, and has lost a page. What
 * can be had by trying again is had, and the rest does not fail the run.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Runner } from 'raceway';
import type { CheckLinks } from '../flows/check-links.ts';

const flow = new URL('../flows/check-links.ts', import.meta.url);

const LINKS = ['/fine', '/busy', '/slow', '/dead', '/gone'].map((path) => `<a href="${path}">${path}</a>`);

const requests = new Map<string, number>();
const server = createServer(({ url = '/' }, response) => {
  const number = (requests.get(url) ?? 0) + 1;
  requests.set(url, number);
  if (url === '/dead') response.destroy();
  else if (url === '/gone') response.writeHead(404).end();
  else if (url === '/busy' && number <= 2) response.writeHead(503).end();
  else if (url === '/slow' && number === 1)
    response.writeHead(200); // and never the end
  else response.end(url === '/' ? LINKS.join('\n') : 'here');
});
await once(server.listen(0, '127.0.0.1'), 'listening');
const address = server.address();
const port = typeof address === 'object' ? address?.port : undefined;

await using runner = new Runner<CheckLinks>(flow, { showOutput: false });
const running = await runner.run({ url: `http://127.0.0.1:${port}/`, patienceMs: 1000, delayMs: 20 }, { reject: true });
const { working, broken } = await running.run.load('working', 'broken');
for (const link of working) console.log(`✅ ${link}, asked ${requests.get(new URL(link).pathname)} times`);
for (const [link, why] of broken) console.log(`❌ ${link}: ${why}`);

server.closeAllConnections();
server.close();
