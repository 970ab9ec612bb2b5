"""Sub-interpreters: not supported, and an import there says so and does no harm."""

import subprocess
import sys

import pytest

PROGRAM = """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
import fastperturb as fp

other = interpreters.create()
try:
    failed = getattr(interpreters, "exec", None) or interpreters.run_string
    failed = failed(other, "import fastperturb")
    print(failed.formatted if failed is not None else "no error")
except Exception as error:
    print(error)
interpreters.destroy(other)
key = fp.Key(bytes(range(32)))
image = __import__("numpy").arange(10000, dtype="uint8").reshape(100, 100)
hidden, record = fp.perturb(image, (0, 0, 90, 90), key)
print("restored:", (fp.restore(hidden, record, key) == image).all())
"""


@pytest.mark.skipif(sys.version_info < (3, 12), reason="own locks of sub-interpreters came with Python 3.12")
def test_a_sub_interpreter_is_told_that_it_cannot_load_the_core():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "_core does not support loading in subinterpreters" in done.stdout
    assert done.stdout.endswith("restored: True\n")
