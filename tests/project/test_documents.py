"""The site's pages: their code blocks run and print what they say, the reference is complete.

A block of Python runs, and of shell in tutorial and how-tos, page by page from the top, unless the comment
``<!-- not run: why -->`` stands above it; a block marked ``text`` below it is its output, in which "about 14.5" leaves
room (5 %, or 0.05). Installing is left out: ``test_documents_installing.py`` looks at it, and
``test_documents_pipelines.py`` at the pages of frameworks.
"""

import ast
import contextlib
import importlib
import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("skimage")

DOCS = Path(__file__).parents[2] / "docs"
PACKAGE = DOCS.parent / "python" / "fastperturb"
SHELL = ["tutorial", *sorted(path.stem for path in DOCS.glob("howto-*.md"))]
FRAMEWORKS = {"integrations", "clusters"}
BLOCK = re.compile(r"^(?P<skip><!-- not run: .+ -->\n)?```(?P<kind>python|sh|text)\n(?P<code>.*?)^```$", re.M | re.S)
ABOUT = re.compile(r"(?<=about )-?\d+\.?\d*")
REFERENCE = {
    "fastperturb": ["api", "api-faces"],
    "fastperturb.errors": ["api"],
    "fastperturb.faces": ["api-faces", "api"],
    "fastperturb.files": ["api-files"],
    "fastperturb.evaluation": ["api-evaluation"],
    "fastperturb.metrics": ["api"],
    "fastperturb.perturbation": ["api"],
    "fastperturb.protections": ["api-protections", "api"],
    "fastperturb.server": ["api-server"],
    "fastperturb.strength": ["api"],
    "fastperturb.video": ["api-video"],
}


def text_of(page):
    path = DOCS.parent / "README.md" if page == "README" else DOCS / f"{page}.md"
    return path.read_text(encoding="utf-8")


PYTHON = sorted(
    {path.stem for path in DOCS.glob("*.md") if "```python\n" in text_of(path.stem)} - {*SHELL, *FRAMEWORKS}
)
RUN = [*SHELL, "README", *PYTHON]


def blocks(page):
    """[line, kind, code, expected output or None] of each block to run."""
    text = text_of(page)
    found = []
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start("code")) + 1
        if match["kind"] == "text":
            if page not in SHELL:
                continue
            assert found, f"{page}.md:{line}: output of nothing"
            found[-1][3] = match["code"]
        elif match["kind"] == "sh" and page not in SHELL:
            continue
        elif match["skip"] is None and not match["code"].startswith("pip install"):
            found.append([line, match["kind"], match["code"], None])
    return found


def run_shell(code):
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-euc", code], capture_output=True, text=True, check=False, env={**os.environ, "PATH": path}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("page", RUN)
def test_the_blocks_of_a_page_run_and_print_what_they_say(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = "__page__"
    module = type(sys)(name)
    monkeypatch.setitem(sys.modules, name, module)  # so that a class of the page can be pickled
    for line, kind, code, expected in blocks(page):
        if kind == "sh":
            if shutil.which("bash") is None:
                continue
            printed = run_shell(code)
        else:
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                program = compile("\n" * (line - 1) + code, f"{page}.md", "exec", dont_inherit=True)
                exec(program, module.__dict__)  # noqa: S102 - our own pages
            printed = output.getvalue()
        if expected is not None:
            assert ABOUT.sub("", printed) == ABOUT.sub("", expected), f"{page}.md:{line}"
            near = [pytest.approx(float(number), rel=0.05, abs=0.05) for number in ABOUT.findall(expected)]
            assert [float(number) for number in ABOUT.findall(printed)] == near, f"{page}.md:{line}"
        else:
            assert kind == "sh" or printed == "", f"{page}.md:{line} prints what the page does not show"


def test_the_pages_have_blocks():
    assert sum(len(blocks(page)) for page in RUN) >= 23
    assert blocks("README")


@pytest.mark.parametrize("module", REFERENCE)
def test_the_reference_has_every_public_name(module):
    text = "\n".join((DOCS / f"{page}.md").read_text(encoding="utf-8") for page in REFERENCE[module])
    stated = set(re.findall(r"^\.\. (?:auto(?:function|class|exception|data)|data):: (?:[\w.]+\.)?(\w+)$", text, re.M))
    if re.search(rf"^\.\. automodule:: {re.escape(module)}\n   :members:$", text, re.M):
        return  # every name of __all__ goes in by itself
    public = importlib.import_module(module)
    own = [name for name, item in vars(public).items() if getattr(item, "__module__", None) == module]
    listed = getattr(public, "__all__", own)
    names = {name for name in listed if not isinstance(getattr(public, name), ModuleType)}
    assert names - {"__version__"} <= stated


def test_the_reference_is_looked_at_for_every_wing():
    wings = [path.parent.name for path in PACKAGE.glob("*/__init__.py") if "__all__" in path.read_text("utf-8")]
    assert {"fastperturb", "fastperturb.errors", *(f"fastperturb.{name}" for name in wings)} == set(REFERENCE)


@pytest.mark.parametrize("path", sorted((PACKAGE / "integrations").glob("*.py")), ids=lambda path: path.stem)
def test_the_reference_has_every_public_name_of_the_integrations(path):
    code = ast.parse(path.read_text(encoding="utf-8"))  # read, not imported, as its framework may not be here
    values = [item.value for item in code.body if isinstance(item, ast.Assign) and item.targets[0].id == "__all__"]
    text = (DOCS / "api-integrations.md").read_text(encoding="utf-8")
    if values:
        assert f".. automodule:: fastperturb.integrations.{path.stem}\n" in text
    sections = re.split(r"^\.\. currentmodule:: fastperturb\.integrations\.(\w+)$", text, flags=re.M)
    stated = {
        name: set(re.findall(r"^\.\. auto(?:function|class|data):: (\w+)$", body, re.M))
        for name, body in zip(sections[1::2], sections[2::2], strict=True)
    }
    for name in ast.literal_eval(values[0]) if values else ():
        homes = [
            item.module
            for item in code.body
            if isinstance(item, ast.ImportFrom) and item.level == 1 and name in [alias.name for alias in item.names]
        ]
        assert name in stated[homes[0] if homes else path.stem], name


def test_every_page_stands_in_the_navigation():
    pages = {path.stem for path in DOCS.glob("*.md")} - {"index"}
    listed = re.findall(r"```{toctree}.*?\n\n(.*?)```", (DOCS / "index.md").read_text(encoding="utf-8"), re.S)
    lines = [line for block in listed for line in block.splitlines()]
    assert sorted(pages) == sorted(re.sub(r".*<(.+)>", r"\1", line) for line in lines)


def test_every_extra_stands_on_the_page_that_says_how_to_install():
    text = (DOCS.parent / "pyproject.toml").read_text(encoding="utf-8")
    stated = re.search(r"\[project\.optional-dependencies\](.*?)\n\[", text, re.S)[1]
    extras = set(re.findall(r"^(\w+) = ", stated, re.M))
    table = re.findall(r"^\| (`.*?) \|", (DOCS / "install.md").read_text(encoding="utf-8"), re.M)
    assert set(re.findall(r"`(\w+)`", " ".join(table))) == extras - {"test", "docs", "wheel", "lint"}  # for developers


def test_the_frontiers_script_measures_with_the_nonces_that_its_page_names():
    page = " ".join((DOCS / "frontier.md").read_text(encoding="utf-8").split())
    script = (DOCS / "figures" / "frontier_data.py").read_text(encoding="utf-8")
    assert "enrols protected images (three nonces" in page
    assert re.search(r"^NONCES = 3\b", script, re.MULTILINE)
    assert re.search(r"AttackRun\([^)]*draws=NONCES\)", script)
