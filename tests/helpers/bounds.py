"""Bounds on what a call may cost: processor time, and memory at its peak."""

import contextlib
import time
from pathlib import Path

STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def _peak_mebibytes():
    return next(int(line.split()[1]) / 1024 for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))


@contextlib.contextmanager
def bounded(seconds, mebibytes):
    """Asserts that what happens within takes no more processor time, nor more memory than there was before."""
    measured = STATUS.exists()
    if measured:
        with contextlib.suppress(OSError):
            RESET.write_text("5")  # the peak is counted from now
        before = _peak_mebibytes()
    began = time.process_time()
    yield
    spent = time.process_time() - began
    assert spent < seconds, f"{spent:.2f} s of processor time, over {seconds}"
    if measured:
        more = _peak_mebibytes() - before
        assert more < mebibytes, f"{more:.0f} MiB more at the peak, over {mebibytes}"
