"""Load test of the service: requests a second, p50 and p99, memory over time, every answer checked by restoring it.

    python bench/load/run.py --seconds 60 --users 4
    python bench/load/run.py --protect windows --protect surrogate:tone=around --protect camouflage

Several protections take turns, request by request, and are compared with the first. It needs
``pip install 'fastperturb[server]' locust scikit-image``, on Linux. Callers and checks share the machine with the
server, and take about as much of it.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import urllib.request
from pathlib import Path

from service import PROTECTIONS_VARIABLE, VARIABLE, Memory, server

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


def drive(address, key, seconds, users, protections):
    """Runs locust; gives what its file reports at the end."""
    command = [sys.executable, "-m", "locust", "-f", str(HERE / "locustfile.py"), "--headless", "--only-summary"]
    command += ["-u", str(users), "-r", str(users), "-t", f"{seconds}s", "--stop-timeout", "30", "--host", address]
    environment = os.environ | {
        VARIABLE: key.to_text(),
        PROTECTIONS_VARIABLE: json.dumps(protections),
        "PYTHONPATH": str(HERE),
    }
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)  # noqa: S603
    lines = [line for line in done.stdout.splitlines() if line.startswith("TALLY ")]
    if not lines:
        raise RuntimeError(f"locust failed: {done.stderr[-2000:]}")
    return json.loads(lines[-1].removeprefix("TALLY "))


def _compared(found, protections):
    """How p50 of each protection compares with that of the first."""
    first = found[protections[0]]["p50"]
    return {name: round(found[name]["p50"] / first, 2) for name in protections if first}


def main():
    """Prints the result as JSON; the exit code is 1 if an answer was lost or wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--users", type=int, default=4)
    parser.add_argument("--workers", type=int, default=None)
    parser.add_argument("--protect", action="append", help="may be repeated; the default is the service's own")
    options = parser.parse_args()
    protections = options.protect or ["surrogate:tone=around"]
    arguments = [] if options.workers is None else ["--workers", options.workers]
    with server(*arguments) as (process, address, key, _log):
        with Memory(process.pid) as memory:
            found = drive(address, key, options.seconds, options.users, protections)
        counts = served(address)
    checks = found["checks"]
    lost = sum(counts.values()) - found["requests"]
    good = not lost and checks["restored"] == checks["answers"] and found["failures"] == checks["refused"]
    result = {
        "machine": f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}",
        "users": options.users,
        "requests_per_second": round(found["requests"] / found["seconds"], 1),
        **found,
        "p50_to_the_first": _compared(found["by_protection"], protections),
        "statuses": counts,
        "lost": lost,
        "memory_mib": memory.summary(),
        "good": good,
    }
    print(json.dumps(result, indent=1))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
