"""Write the pages of the site, and build it: ``python docs/site/build.py FOLDER``.

The pages are written to ``FOLDER/pages`` and the site to ``FOLDER/html``. Warnings are errors.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from pages import pages  # noqa: E402
from reference import reference  # noqa: E402
from rewrites import rewrites_page  # noqa: E402
from sphinx.cmd.build import build_main  # noqa: E402


def write(folder: Path, made: dict[str, str]) -> None:
    """Write pages by their places."""
    for place, text in made.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def main() -> int:
    """Build, and return the exit status of Sphinx."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "out/site").absolute()
    made = {**pages(), **reference(), "rewrites.md": rewrites_page()}
    for name in ("pages", "read", "html"):
        shutil.rmtree(folder / name, ignore_errors=True)  # nothing of another checkout stays
    write(folder / "pages", made)
    options = ["--fail-on-warning", "--keep-going", "--quiet", "--jobs=auto"]
    places = ["-c", HERE, "-d", folder / "read", folder / "pages", folder / "html"]
    return build_main([*options, *map(str, places)])


if __name__ == "__main__":
    sys.exit(main())
