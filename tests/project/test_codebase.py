"""The rules of the house: who may import whom, who knows Python, who starts threads, one name per kernel object."""

import ast
import importlib.metadata
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fastperturb as fp

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "python" / "fastperturb"
CPP = ROOT / "cpp"

# What each wing may import of the package besides itself. "fastperturb" stands for its public names; what is not in a
# wing is a value or a check, which all may import.
VALUES = "values"
MAY_IMPORT = {
    VALUES: {"_core"},
    "strength": {VALUES, "_core"},
    "perturbation": {VALUES, "_core", "strength"},
    "metrics": {VALUES, "_core"},
    "faces": {VALUES, "strength", "perturbation"},
    "files": {VALUES, "_core", "perturbation"},
    "protections": {VALUES, "_core", "fastperturb", "faces", "strength", "perturbation"},
    "video": {VALUES, "_core", "fastperturb", "faces", "files", "strength", "perturbation", "protections"},
    "evaluation": {VALUES, "fastperturb", "faces", "files", "metrics", "strength", "protections"},
    "integrations": {VALUES, "fastperturb", "faces", "files", "perturbation", "protections"},
    "server": {VALUES, "fastperturb", "faces", "files", "protections", "video"},
    "cli": {
        VALUES,
        "fastperturb",
        "faces",
        "files",
        "metrics",
        "strength",
        "perturbation",
        "protections",
        "server",
        "video",
    },
}
MAY_EVALUATE = {"cli/commands/evaluate", "cli/commands/score", "cli/options/evaluate", "cli/options/score"}
ENTRIES = {"__init__", "__main__"}


def modules():
    """The package's modules by dotted name below it; "" is the package itself."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return {**found, "_core": PACKAGE / "_core.pyi"}


MODULES = modules()


def imports_of(path):
    """The dotted names, below the package, of the modules that a file imports, at any depth of its code that runs."""
    folder = path.parent.relative_to(PACKAGE).parts
    found = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tree.body = [
        node for node in tree.body if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = folder[: len(folder) - node.level + 1] + tuple(node.module.split(".") if node.module else ())
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "fastperturb":
            base = tuple(node.module.split(".")[1:])
        elif isinstance(node, ast.Import):
            found |= {name.name.partition(".")[2] for name in node.names if name.name.split(".")[0] == "fastperturb"}
            continue
        else:
            continue
        for alias in node.names:
            whole = ".".join((*base, alias.name))
            found.add(whole if whole in MODULES else ".".join(base))
    return found


def wing(name):
    first = name.split(".")[0]
    if first in ("", "_core"):
        return first or "fastperturb"
    return first if first in MAY_IMPORT else VALUES


@pytest.mark.parametrize("name", [name for name in MODULES if name not in {"", "__main__", "_core"}])
def test_wings_import_what_they_may(name):
    allowed = MAY_IMPORT[wing(name)] | {wing(name)}
    if name.replace(".", "/") in MAY_EVALUATE:
        allowed = allowed | {"evaluation"}
    imported = {other: wing(other) for other in imports_of(MODULES[name])}
    assert {other for other, place in imported.items() if place not in allowed} == set()


def test_the_architecture_says_what_wings_may_import():
    table = re.findall(r"^\| `(\w+)/` \| .+ \| (.+) \|$", (ROOT / "ARCHITECTURE.md").read_text("utf-8"), re.M)
    told = {}
    for name, may in table:
        wings = set(re.findall(r"`(\w+)`", may))
        told[name] = set(MAY_IMPORT) - wings - {VALUES, name} if may.startswith("all but") else wings
    assert told == {
        name: allowed & set(MAY_IMPORT) - {VALUES} for name, allowed in MAY_IMPORT.items() if name != VALUES
    }


def test_no_circle_of_imports():
    """Nor by way of functions that import: what a module needs is below it."""
    graph = {name: imports_of(path) - {name} for name, path in MODULES.items() if path.suffix == ".py"}
    done, path = set(), []

    def visit(name):
        assert name not in path, f"a circle of imports: {[*path[path.index(name) :], name]}"
        if name in done or name not in graph:
            return
        path.append(name)
        for other in graph[name]:
            visit(other)
        done.add(path.pop())

    for name in graph:
        visit(name)


@pytest.mark.parametrize("command", ["perturb", "restore"])
def test_the_work_on_files_never_imports_the_evaluation(command):
    code = f"""if True:
        import contextlib, sys
        from fastperturb.cli.app import run
        with contextlib.suppress(SystemExit):
            run(["{command}", "--help"])
        sys.stderr.write(chr(10).join(name for name in sys.modules if name.startswith("fastperturb.evaluation")))
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_no_circle_of_includes_and_few_files_that_know_python_or_start_threads():
    includes = {}
    for path in [*CPP.glob("*.hpp"), *CPP.glob("*.cpp"), *CPP.glob("*.inl")]:
        text = path.read_text(encoding="utf-8")
        includes[path.name] = set(re.findall(r'#include "([^"]+)"', text))
        assert bool(re.search(r"pybind11|\bpy::|\bPy[A-Z][A-Za-z]*_", text)) == path.name.startswith("bindings"), (
            path.name
        )
        assert ("#pragma omp" in text) == (path.name == "parallel.hpp"), path.name
        assert bool(re.search(r"std::(thread\b|async)", text)) == (path.name == "worker_queue.cpp"), path.name
    seen = {}

    def depth(name):
        assert seen.get(name) != "open", f"a circle of includes through {name}"
        if name not in seen:
            seen[name] = "open"
            for included in includes[name]:
                depth(included)
            seen[name] = "done"

    for name in includes:
        depth(name)


START_THREADS = {
    "cli/batch/worker_pool.py",
    "evaluation/study/fitting.py",
    "evaluation/study/running.py",
    "perturbation/batch_pipeline.py",
    "server/uvicorn_runner.py",
    "server/worker_pool.py",
    "video/ahead.py",
}


def test_few_modules_start_threads_or_processes():
    starts = re.compile(r"\b(?:Thread(?:PoolExecutor)?|ProcessPoolExecutor|Process)\(")
    found = {path for path in PACKAGE.rglob("*.py") if starts.search(path.read_text(encoding="utf-8"))}
    assert {path.relative_to(PACKAGE).as_posix() for path in found} == START_THREADS


def test_kernels_include_no_cpp_header():
    for path in [CPP / "kernels.cpp", CPP / "kernels.hpp", *CPP.glob("*.inl")]:
        for header in re.findall(r"#include <([^>]+)>", path.read_text(encoding="utf-8")):
            assert header.endswith(".h"), f"{path.name} includes <{header}>"


@pytest.mark.skipif(shutil.which("nm") is None, reason="no nm here")
def test_each_kernel_object_exports_one_name():
    objects = sorted((ROOT / "build").glob("*/CMakeFiles/kernels_*.dir/cpp/kernels.cpp.o"))
    if not objects:
        pytest.skip("no build tree beside the sources: install with --no-build-isolation -e .")
    for path in objects:
        listing = subprocess.run(
            ["nm", "--extern-only", "--defined-only", "--format=posix", path],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert len(listing.splitlines()) == 1, f"{path}: {listing}"
        assert "kernels_" in listing


def test_versions_agree():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    version = re.search(r'^version = "([^"]+)"', text, re.MULTILINE)[1]
    assert fp.__version__ == version == importlib.metadata.version("fastperturb")
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_public_names_are_listed_and_documented():
    for name in fp.__all__:
        thing = getattr(fp, name)
        assert name == "__version__" or thing.__doc__, name
    public = set(dir(fp)) - set(fp.__all__)
    assert {name for name in public if not name.startswith("_") and not _is_module(getattr(fp, name))} == set()


def _is_module(thing):
    return type(thing).__name__ == "module"


def test_no_module_and_function_share_a_name():
    functions = {name for name in fp.__all__ if not _is_module(getattr(fp, name))}
    names = {path.stem for path in PACKAGE.glob("*.py")} | {path.name for path in PACKAGE.iterdir() if path.is_dir()}
    assert not names & functions


def test_files_open_with_what_they_are():
    for path in [*PACKAGE.rglob("*.py"), *(ROOT / "tests").rglob("*.py"), *(ROOT / "bench").rglob("*.py")]:
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), f"{path} has no docstring"
    for path in [*CPP.glob("*.hpp"), *CPP.glob("*.cpp"), *CPP.glob("*.inl")]:
        assert path.read_text(encoding="utf-8").startswith("//"), f"{path} has no comment at its head"


def test_the_stub_says_what_the_core_has(tmp_path):
    stubtest = shutil.which("stubtest", path=str(Path(sys.executable).parent))
    if stubtest is None:
        pytest.skip("mypy's stubtest is not installed")
    metaclass = tmp_path / "allowed"  # pybind11's own, which has no name that a stub could import
    metaclass.write_text(
        "fastperturb._core.CallLimiter\nfastperturb._core.JpegFrame\nfastperturb._core.PlaceOrder\nfastperturb._core.WorkerQueue\n"
    )
    command = [stubtest, "--allowlist", metaclass, "fastperturb._core"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert result.returncode == 0, result.stdout


def multiplies_matrices(path):
    """Whether a module asks for BLAS: ``@`` or a function of NumPy that means the same."""
    names = {"matmul", "dot", "tensordot", "inner", "vdot"}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.MatMult):
            return True
        if isinstance(node, ast.Attribute) and node.attr in names:
            return True
    return False


def test_what_protects_leaves_blas_alone(tmp_path):
    """A forked worker that multiplies matrices may wait for ever for threads of OpenBLAS that only its parent had."""
    wings = ("perturbation", "protections", "integrations")
    assert [name for name, path in MODULES.items() if name.startswith(wings) and multiplies_matrices(path)] == []
    sample = tmp_path / "sample.py"
    for text in ("a @ b", "a @= b", "np.dot(a, b)", "a.dot(b)"):
        sample.write_text(text)
        assert multiplies_matrices(sample)
