# Runs printing.py through Metaflow's Runner, reads its stdout with stream_log, and prints how many seconds that took and how many lines of the step there
# were,
# from the moment that the handle is there: `streams_lines.py <flow file> <lines>`.
import asyncio
import json
import sys
import time

from metaflow import Runner


async def main():
    flow_file, lines = sys.argv[1:]
    with await Runner(flow_file, show_output=False).async_run(lines=int(lines)) as running:
        start = time.perf_counter()
        count = 0
        async for _, line in running.stream_log('stdout'):
            count += line.endswith('of those that this step prints')
        print(json.dumps({'seconds': time.perf_counter() - start, 'lines': count}))


asyncio.run(main())
