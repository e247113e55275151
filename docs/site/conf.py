"""Settings of the site; `build.py` writes the pages that Sphinx reads, and calls it with these."""

from __future__ import annotations

import inspect
from typing import Any

project = "bitale"
author = "the authors of bitale"
root_doc = "index"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}

myst_heading_anchors = 4
default_role = "py:obj"
add_module_names = False
autodoc_typehints = "none"  # the docstrings say them in words
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_rtype = False
# Types are words here: as fields of Sphinx's they would be taken for names of classes.
napoleon_use_param = False
napoleon_custom_sections = [("Attributes", "params_style"), "Shapes"]
toc_object_entries = False
# A name that a docstring mentions may be of another layer; those of the reference become links.
nitpicky = False

html_theme = "furo"
html_title = "bitale"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False
pygments_style = "default"
pygments_dark_style = "monokai"
templates_path = []


def show_shapes(*arguments: Any) -> None:
    """Show the sections of shapes as they are written: as a table of words."""
    lines = arguments[-1]
    for at in reversed(range(1, len(lines))):
        if lines[at - 1].strip() == "Shapes" and set(lines[at].strip()) == {"-"}:
            end = next((n for n in range(at, len(lines)) if not lines[n].strip()), len(lines))
            lines[at + 1 : end] = ["::", "", *(f"    {line}" for line in lines[at + 1 : end])]


def is_left_out(_app: Any, _what: str, _name: str, member: Any, skip: bool, _options: Any) -> bool:
    """Whether a member is left out: what is told elsewhere, and what other libraries put there."""
    home = getattr(member, "__module__", None) or "bitale"
    alias = inspect.isclass(member) and "." not in member.__qualname__
    return skip or alias or not home.startswith("bitale")


def setup(app: Any) -> dict[str, bool]:
    """Tell Sphinx how docstrings are read."""
    app.connect("autodoc-process-docstring", show_shapes, priority=100)  # before napoleon
    app.connect("autodoc-skip-member", is_left_out)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
