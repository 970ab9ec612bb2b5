"""The metrics' kernels on every instruction set at hand: equal bits, and instructions for each sample.

    python bench/kernel_counts.py

Compiles cpp/kernels.cpp with g++ and, where it is installed, aarch64-linux-gnu-g++. Counts by `valgrind
--tool=callgrind`, which knows no AVX-512, and by `qemu-aarch64 -singlestep`, one line of its log an instruction.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLAGS = "-std=c++17 -O3 -ffp-contract=off -fno-math-errno -fno-trapping-math -DFASTPERTURB_ISA=counted"
BUILDS = {
    "x86-64": ("g++", ""),
    "x86-64, plain arrays": ("g++", "-DFASTPERTURB_PLAIN_VECTORS"),
    "x86-64-v3": ("g++", "-march=x86-64-v3"),
    "x86-64-v4": ("g++", "-march=x86-64-v4 -mprefer-vector-width=512"),
    "aarch64": ("aarch64-linux-gnu-g++", "-static"),
    "aarch64, plain arrays": ("aarch64-linux-gnu-g++", "-static -DFASTPERTURB_PLAIN_VECTORS"),
}
KERNELS = {"squared error": 12288, "uniform 7 x 7": 16 * 16 * 3, "Gaussian 11 x 11": 4 * 16 * 16 * 3}
"""Samples of one run of each, in the order of kernel_counts.cpp."""


def said(command: list[str]) -> str:
    """What a program prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603


def instructions(program: Path, number: int, times: int) -> int | None:
    """How many instructions a program takes, or None where nothing counts them."""
    call = [str(program), str(number), str(times)]
    if "aarch64" in program.name:
        lines = said(["qemu-aarch64", "-singlestep", "-d", "nochain,exec", "-D", "/dev/stdout", *call]).splitlines()
        return sum(line.startswith("Trace") for line in lines)
    if "v4" in program.name or not shutil.which("valgrind"):
        return None
    out = program.with_suffix(".callgrind")
    said(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *call])
    return next(int(line.split()[1]) for line in out.read_text().splitlines() if line.startswith("summary:"))


def main() -> None:
    """Prints a table, after the bits were compared."""
    with tempfile.TemporaryDirectory() as folder:
        programs = {}
        for number, (name, (compiler, flags)) in enumerate(BUILDS.items()):
            if not shutil.which(compiler) or (name.startswith("aarch64") and not shutil.which("qemu-aarch64")):
                print(f"{name}: left out, {compiler} or its emulator is not installed")
                continue
            programs[name] = Path(folder) / f"{number}-{name.split(',')[0]}"
            sources = [str(ROOT / "cpp/kernels.cpp"), str(ROOT / "bench/kernel_counts.cpp")]
            said([compiler, *FLAGS.split(), *flags.split(), *sources, "-o", str(programs[name])])
        print("| | " + " | ".join(programs) + " |\n| --- |" + " --- |" * len(programs))
        for number, (kernel, samples) in enumerate(KERNELS.items()):
            answers, row = set(), []
            for name, program in programs.items():
                runner = ["qemu-aarch64"] if name.startswith("aarch64") else []
                answers.add(said([*runner, str(program), str(number), "20"]))
                few, many = (instructions(program, number, times) for times in (2, 6))
                row.append("" if few is None or many is None else f"{(many - few) / 4 / samples:.2f}")
            assert len(answers) == 1, f"{kernel}: the builds differ: {answers}"
            print(f"| {kernel} | " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
