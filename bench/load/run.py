"""Load test of the service: requests a second, p50 and p99, memory over time, every answer checked by restoring it.

    python bench/load/run.py --seconds 60 --users 4

needs ``pip install 'fastperturb[server]' locust scikit-image``, on Linux. Callers and checks share the machine with the
server, and take about as much of it.
"""

import argparse
import csv
import json
import os
import platform
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from service import VARIABLE, Memory, server

HERE = Path(__file__).parent


def served(address):
    """How many requests to /v1/perturb the server counted as answered, by status."""
    with urllib.request.urlopen(address + "/metrics") as answer:  # noqa: S310  our own server
        text = answer.read().decode()
    counts = {}
    for line in text.splitlines():
        if line.startswith("fastperturb_requests_total") and "/v1/perturb" in line:
            status = line.partition('status="')[2][:3]
            counts[status] = counts.get(status, 0) + int(float(line.rpartition(" ")[2]))
    return counts


def drive(address, key, seconds, users, folder):
    """Runs locust; gives its row for all requests, and the tally of the checks."""
    command = [sys.executable, "-m", "locust", "-f", str(HERE / "locustfile.py"), "--headless", "--only-summary"]
    command += ["-u", str(users), "-r", str(users), "-t", f"{seconds}s", "--stop-timeout", "30", "--host", address]
    command += ["--csv", str(Path(folder, "load"))]
    environment = os.environ | {VARIABLE: key.to_text(), "PYTHONPATH": str(HERE)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)  # noqa: S603
    lines = [line for line in done.stdout.splitlines() if line.startswith("TALLY ")]
    if not lines:
        raise RuntimeError(f"locust failed: {done.stderr[-2000:]}")
    with Path(folder, "load_stats.csv").open() as file:
        row = next(row for row in csv.DictReader(file) if row["Name"] == "Aggregated")
    return row, json.loads(lines[-1].removeprefix("TALLY "))


def main():
    """Prints the result as JSON; the exit code is 1 if an answer was lost or wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--users", type=int, default=4)
    parser.add_argument("--workers", type=int, default=None)
    options = parser.parse_args()
    arguments = [] if options.workers is None else ["--workers", options.workers]
    with server(*arguments) as (process, address, key, _log), tempfile.TemporaryDirectory() as folder:
        with Memory(process.pid) as memory:
            row, tally = drive(address, key, options.seconds, options.users, folder)
        counts = served(address)
    # An answer that was under way when the time was up was sent by the server, and not counted by locust.
    lost = sum(counts.values()) - int(row["Request Count"])
    good = not tally["wrong"] and tally["restored"] == tally["answers"] and 0 <= lost <= options.users
    result = {
        "machine": f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}",
        "seconds": options.seconds,
        "users": options.users,
        "requests": int(row["Request Count"]),
        "requests_per_second": round(float(row["Requests/s"]), 1),
        "failures": int(row["Failure Count"]),
        "milliseconds": {name: float(row[name]) for name in ("50%", "95%", "99%", "100%")},
        "answers": tally,
        "statuses": counts,
        "sent_and_not_counted": lost,
        "memory_mib": memory.summary(),
        "good": good,
    }
    print(json.dumps(result, indent=1))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
