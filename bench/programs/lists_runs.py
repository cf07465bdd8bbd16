# Reads the runs of a flow by way of Metaflow's client, and prints how many seconds that took: `lists_runs.py <flow>`.
import json
import sys
import time

from metaflow import Flow, namespace

namespace(None)


def timed(work):
    start = time.perf_counter()
    count = sum(1 for _ in work())
    return {'seconds': time.perf_counter() - start, 'count': count}


def newest():
    for index, run in enumerate(Flow(sys.argv[1])):
        if index == 20:
            return
        yield run


print(
    json.dumps(
        {
            'all': timed(lambda: ((run.id, run.created_at) for run in Flow(sys.argv[1]))),
            'newest': timed(newest),
            'artifacts': timed(lambda: (run['end'].task['lines'].data for run in Flow(sys.argv[1]))),
        }
    )
)
