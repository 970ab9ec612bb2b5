"""What each simulated caller does, for locust: protect a photograph, and check the answer by restoring it.

Checks run in threads of their own, so that they do not count as waiting. Started by run.py.
"""

import itertools
import json
import os

import gevent
import numpy as np
from locust import FastHttpUser, constant, events, task
from service import VARIABLE, photographs

import fastperturb as fp
from fastperturb.files.reading import decode

KEY = fp.Key.from_text(os.environ[VARIABLE])
PHOTOGRAPHS = photographs()
turns = itertools.count()
tally = {"answers": 0, "restored": 0, "wrong": 0, "refused": 0}


def restores(answer, record, pixels):
    """Whether an answer is another image than the photograph, with one face hidden, and gives it back bit for bit."""
    hidden = decode(answer).pixels
    made = fp.Record.from_json(record)
    back = fp.restore(hidden, made, KEY)
    return len(made.regions) == 1 and not np.array_equal(hidden, pixels) and np.array_equal(back, pixels)


class Caller(FastHttpUser):
    """Asks again as soon as it has its answer."""

    wait_time = constant(0)

    @task
    def protect(self):
        data, pixels = PHOTOGRAPHS[next(turns) % len(PHOTOGRAPHS)]
        with self.client.post("/v1/perturb", data=data, name="perturb", catch_response=True) as answer:
            if answer.status_code == 429:
                tally["refused"] += 1
                answer.failure("429")
                gevent.sleep(1)
                return
            if answer.status_code != 200:
                answer.failure(f"status {answer.status_code}")
                return
            tally["answers"] += 1
            body, record = answer.content, answer.headers["fastperturb-record"]
            answer.success()
        good = gevent.get_hub().threadpool.apply(restores, (body, record, pixels))
        tally["restored" if good else "wrong"] += 1


@events.quitting.add_listener
def report(environment, **_):
    total = environment.stats.total
    numbers = {
        "requests": total.num_requests,
        "failures": total.num_failures,
        "seconds": total.last_request_timestamp - total.start_time,
        "milliseconds": {f"p{100 * share:g}": total.get_response_time_percentile(share) for share in (0.5, 0.95, 0.99)},
        "slowest": total.max_response_time,
    }
    print("TALLY " + json.dumps({"checks": tally, **numbers}))
