"""The packages as they lie in the checkout, read and never imported."""

import ast
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
# Bottom first.
ORDER = ["graph", "autodiff", "optimize", "codegen-c", "codegen-cuda", "nnet", "bitale"]
NAMES = [name for name in ORDER if (ROOT / "packages" / name / "pyproject.toml").exists()]


@dataclass(frozen=True)
class Package:
    """One folder under ``packages``."""

    name: str

    @cached_property
    def folder(self) -> Path:
        return ROOT / "packages" / self.name

    @cached_property
    def project(self) -> dict:
        return tomllib.loads((self.folder / "pyproject.toml").read_text(encoding="utf-8"))[
            "project"
        ]

    @cached_property
    def module(self) -> str:
        return self.project["name"].replace("-", "_")

    @cached_property
    def dependencies(self) -> dict[str, Requirement]:
        """What it always needs, by name."""
        return named(self.project["dependencies"])

    @cached_property
    def optional(self) -> dict[str, Requirement]:
        """What its extras bring, by name."""
        extras = self.project.get("optional-dependencies", {}).values()
        return named(line for lines in extras for line in lines)

    @cached_property
    def trees(self) -> dict[str, ast.Module]:
        """Its modules, parsed, by dotted name; a package goes by the name of its folder."""
        top = self.folder / "src"
        paths = sorted(top.glob("**/*.py"))
        return {dotted(path.relative_to(top)): ast.parse(path.read_bytes()) for path in paths}


PACKAGES = [Package(name) for name in NAMES]  # whose files are parsed once


def named(lines) -> dict[str, Requirement]:
    requirements = map(Requirement, lines)
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def dotted(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "package" in metafunc.fixturenames:
        metafunc.parametrize("package", PACKAGES, ids=NAMES)


@pytest.fixture(scope="session")
def packages() -> list[Package]:
    """All packages, bottom first."""
    return PACKAGES
