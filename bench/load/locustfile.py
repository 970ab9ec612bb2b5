"""What each simulated caller does, for locust: protect a photograph, and check the answer by restoring it.

Protections take turns, request by request, so that they can be compared. Checks run in threads of their own, so that
they do not count as waiting. Started by run.py.
"""

import itertools
import json
import os

import gevent
import numpy as np
from locust import FastHttpUser, constant, events, task
from service import PROTECTIONS_VARIABLE, VARIABLE, photographs

import fastperturb as fp
from fastperturb.files.reading import RECORD_TEXT, decode

KEY = fp.Key.from_text(os.environ[VARIABLE])
PROTECTIONS = json.loads(os.environ[PROTECTIONS_VARIABLE])
PHOTOGRAPHS = photographs()
SHARES = (0.5, 0.95, 0.99)
turns = itertools.count()
tally = {"answers": 0, "restored": 0, "wrong": 0, "refused": 0}


def restores(answer, pixels):
    """Whether an answer is another image than the photograph, with one face hidden, and gives it back bit for bit."""
    picture = decode(answer)
    made = fp.Record.from_json(picture.texts[RECORD_TEXT])
    back = fp.restore(picture.pixels, made, KEY)
    return len(made.regions) == 1 and not np.array_equal(picture.pixels, pixels) and np.array_equal(back, pixels)


class Caller(FastHttpUser):
    """Asks again as soon as it has its answer."""

    wait_time = constant(0)

    @task
    def protect(self):
        turn = next(turns)
        protection = PROTECTIONS[turn % len(PROTECTIONS)]
        data, pixels = PHOTOGRAPHS[turn // len(PROTECTIONS) % len(PHOTOGRAPHS)]
        path = f"/v1/perturb?protect={protection}"
        with self.client.post(path, data=data, name=protection, catch_response=True) as answer:
            if answer.status_code == 429:
                tally["refused"] += 1
                answer.failure("429")
                gevent.sleep(1)
                return
            if answer.status_code != 200:
                answer.failure(f"status {answer.status_code}")
                return
            tally["answers"] += 1
            body = answer.content
            answer.success()
        good = gevent.get_hub().threadpool.apply(restores, (body, pixels))
        tally["restored" if good else "wrong"] += 1


def percentiles(stats):
    return {f"p{100 * share:g}": stats.get_response_time_percentile(share) for share in SHARES}


@events.quitting.add_listener
def report(environment, **_):
    total = environment.stats.total
    numbers = {
        "requests": total.num_requests,
        "failures": total.num_failures,
        "seconds": total.last_request_timestamp - total.start_time,
        "milliseconds": percentiles(total),
        "slowest": total.max_response_time,
        "by_protection": {name: percentiles(environment.stats.get(name, "POST")) for name in PROTECTIONS},
    }
    print("TALLY " + json.dumps({"checks": tally, **numbers}))
