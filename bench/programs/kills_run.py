# Runs a flow through Metaflow's Runner, kills it when two tasks wait, and prints how many seconds it took until kill() was
# back and until no process of it was left: `kills_run.py <flow file>`.
import asyncio
import json
import sys
import time
from pathlib import Path

from metaflow import Runner


def stat(pid):
    try:
        state, parent = Path(f'/proc/{pid}/stat').read_text().rpartition(') ')[2].split()[:2]
        return state, int(parent)
    except OSError:
        return 'X', 0


def tree(root):
    parents = {int(p.name): stat(p.name)[1] for p in Path('/proc').iterdir() if p.name.isdigit()}
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


async def main():
    with await Runner(sys.argv[1], show_output=False).async_run() as running:
        waiting = 0
        async for _, line in running.stream_log('stdout'):
            waiting += line.endswith('waiting')
            if waiting == 2:
                break
        pids = tree(running.command_obj.process.pid)
        start = time.perf_counter()
        killing = asyncio.create_task(asyncio.to_thread(running.command_obj.kill))
        resolved = gone = None
        while resolved is None or gone is None:
            await asyncio.sleep(0.001)
            now = time.perf_counter() - start
            if resolved is None and killing.done():
                resolved = now
            if gone is None and all(stat(pid)[0] in 'ZX' for pid in pids):
                gone = now
        print(json.dumps({'resolved': resolved, 'gone': gone}))


asyncio.run(main())
