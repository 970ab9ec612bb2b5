"""The documentation site: ``sphinx-build -W --keep-going -b html docs site``, with the extra ``docs``.

Pages are Markdown (MyST) and stand in the navigation of index.md; the reference comes out of the docstrings.
"""

import re
import sys
from pathlib import Path
from typing import Any

import fastperturb

sys.path.insert(0, str(Path(__file__).parent))

project = "fastperturb"
author = "the authors of fastperturb"
version = release = fastperturb.__version__
html_title = f"fastperturb {release}"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode", "sphinx_copybutton"]
exclude_patterns = []
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
ALIASES = "Image RegionLike Where Mask Margins Reading PrecisionRule TruthForm Classes"
autodoc_type_aliases = {name: name for name in ALIASES.split()}
maximum_signature_line_length = 88
# What integrations import at their top: never needed for the site, which looks the same whether they are there or not.
autodoc_mock_imports = ["PIL", "albumentations", "sklearn", "torch", "torchvision"]
autodoc_default_options = {"members": True, "exclude-members": "__init__, __new__"}
python_use_unqualified_type_names = True
napoleon_numpy_docstring = False
nitpicky = True  # every role of a docstring must lead somewhere; in signatures the types may be private or others'
nitpick_ignore_regex = [("py:.*", r"(?!fastperturb\.).*"), ("py:class", r"fastperturb\.\w+\..*")]

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_copyright = False
copybutton_prompt_text = "$ "


def plain_markdown_links(text: str) -> str:
    """Makes the links of files outside of docs/ lead to the site's own pages, or to nothing but their text."""
    text = re.sub(r"\]\((?:\.\./)?docs/([\w./-]+)\)", r"](\1)", text)
    text = re.sub(r"\[([^]]+)\]\((?:\.\./)?(?:bench/README|ARCHITECTURE|CONTRIBUTING|README)\.md\)", r"\1", text)
    return re.sub(r"\[(LICENSE[\w-]*)\]\(LICENSE[\w-]*\)", r"\1", text)


def take_over(_app: Any, _docname: str, source: list[str]) -> None:
    """Replaces a page that only says ``TAKEN FROM path`` by that file, its title and links made fit for the site."""
    found = re.fullmatch(r"TAKEN FROM (\S+)\s*", source[0])
    if found is not None:
        source[0] = plain_markdown_links((Path(__file__).parents[1] / found[1]).read_text(encoding="utf-8"))


def find_public(_app: Any, env: Any, node: Any, text: Any) -> Any:
    """Leads a docstring's bare name to the public name: ``mse`` in fastperturb.metrics is fastperturb.mse."""
    if node.get("refdomain") != "py" or node.get("reftype") not in ("func", "class", "meth", "attr", "exc"):
        return None
    domain = env.get_domain("py")
    name = "fastperturb." + node["reftarget"].removeprefix("fastperturb.").removeprefix("metrics.")
    if name in domain.objects:
        return domain.resolve_xref(env, node["refdoc"], env.app.builder, node["reftype"], name, node, text)
    if node["reftype"] in ("func", "meth"):
        raise ValueError(f"{node.get('refdoc')}: no public name '{node['reftarget']}' to lead to")
    return None


def name_aliases(*event: Any) -> tuple[str | None, ...]:
    """Prints the aliases above by their names inside unions too, where Sphinx prints their placeholders."""
    return tuple(text and re.sub(r"TypeAliasForwardRef\('(\w+)'\)", r"\1", text) for text in event[-2:])


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("source-read", take_over)
    app.connect("missing-reference", find_public)
    app.connect("autodoc-process-signature", name_aliases)
