"""The rules of the house: who may import whom, one file that knows Python, one name per kernel object, one version."""

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

# What each module may import of the package, by its own first name; {"*"}: anything.
VALUES = {"errors", "region", "key", "strength", "record", "arrays", "threads"}
MAY_IMPORT = {
    "errors": set(),
    "_optional": {"errors"},
    "arrays": set(),
    "scalars": set(),
    "threads": {"scalars"},
    "region": {"scalars"},
    "key": set(),
    "strength": {"region", "scalars"},
    "record": {"errors", "region"},
    "turns": {"arrays", "threads", "_core"},
    "seal": {"arrays", "key", "record"},
    "distance": VALUES | {"_core"},
    "steps": VALUES | {"seal", "distance", "_core"},
    "perturbation": VALUES | {"steps", "turns", "_core"},
    "forecasting": VALUES | {"steps", "distance", "_core"},
    "eigenfaces": VALUES,
    "threshold": VALUES | {"distance", "eigenfaces", "_optional"},
    "chunks": VALUES | {"steps"},
    "batch": VALUES | {"steps", "chunks"},
    "ssim_options": set(),
    "scored_part": {"region"},
    "metrics": {"scored_part", "ssim_options", "threads", "_core"},
    "platform_info": {"threads", "_core"},
    "viewing": VALUES | {"_core"},
    "faces": {"errors", "region", "arrays", "_optional"},
    "reading": VALUES | {"faces", "viewing", "_optional"},
    "evaluation": set(fp.__all__) | {"faces", "files", "arrays", "eigenfaces", "_optional"},
    "files": VALUES | {"_optional"},
    "integrations": set(fp.__all__) | {"faces", "files", "_optional"},
    "server": set(fp.__all__) | {"files", "faces", "threads", "_optional"},
    "cli": {"*"},
    "__main__": {"cli", "_optional", "errors"},
    "__init__": {"*"},
}


def first_name(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def package_imports(path):
    """First names of the package's modules that a file imports, at any depth of its code."""
    folder = path.parent.relative_to(PACKAGE).parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = folder[: len(folder) - node.level + 1]
            tail = node.module.split(".") if node.module else []
            names = [(*base, *tail)] if tail or base else [(alias.name,) for alias in node.names]
            yield from (name[0] for name in names)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module]
            for module in modules:
                if module.split(".")[0] == "fastperturb":
                    yield [*module.split("."), "__init__"][1]


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_layers(path):
    name = first_name(path)
    assert name in MAY_IMPORT, f"say in MAY_IMPORT what {name} may import"
    if "*" not in MAY_IMPORT[name]:
        assert set(package_imports(path)) - {name} <= MAY_IMPORT[name]


def test_no_circle_of_includes_and_one_file_that_knows_python():
    includes = {}
    for path in [*CPP.glob("*.hpp"), *CPP.glob("*.cpp"), *CPP.glob("*.inl")]:
        text = path.read_text(encoding="utf-8")
        includes[path.name] = set(re.findall(r'#include "([^"]+)"', text))
        assert ("pybind11" in text) == (path.name == "bindings.cpp"), path.name
        if path.name not in ("parallel.hpp",):
            assert "#pragma omp" not in text, path.name
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
    modules = {path.stem for path in PACKAGE.glob("*.py")} | {path.name for path in PACKAGE.iterdir() if path.is_dir()}
    assert not modules & set(fp.__all__)


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
    metaclass.write_text("fastperturb._core.CallLimiter\nfastperturb._core.WorkerQueue\n")
    command = [stubtest, "--allowlist", metaclass, "fastperturb._core"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert result.returncode == 0, result.stdout
