/**
 * Remembers how the process looks before a task and says afterwards what the task left behind: a worker that is not as
 * it was found is not used again.
 */
export function lookAround(): () => readonly string[] {
  const folder = process.cwd();
  const environment = JSON.stringify(process.env);
  const resources = countResources();
  return () => {
    const leftovers: string[] = [];
    if (currentFolder() !== folder) leftovers.push('another working folder');
    if (JSON.stringify(process.env) !== environment) leftovers.push('a changed environment');
    for (const [resource, count] of countResources()) {
      if (count > (resources.get(resource) ?? 0)) leftovers.push(resource);
    }
    return leftovers;
  };
}

/** What keeps the event loop alive: `Timeout`, `TCPSocketWrap`, `ChildProcess`, … */
function countResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const resource of process.getActiveResourcesInfo()) {
    if (resource === 'CloseReq') continue; // a file that was awaited and is just being closed
    counts.set(resource, (counts.get(resource) ?? 0) + 1);
  }
  return counts;
}

function currentFolder(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined; // it was removed
  }
}
