"""The one entrance to every check and job.

``nox -l`` lists the sessions, ``nox`` runs the default ones, ``nox -s "tests(graph)"`` one.
Tests run on wheels made from this checkout, each built once for a state of its sources, so what is
tested is what is released.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nox
from packaging.requirements import Requirement

nox.needs_version = ">=2025.10.14"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = [
    "lint",
    "types",
    "contracts",
    "changelog",
    "tests",
    "pythons",
    "lowest",
    "cross",
    "build",
    "docs",
    "demo",
]

PACKAGES = [
    "graph",
    "autodiff",
    "optimize",
    "codegen-c",
    "codegen-cuda",
    "nnet",
    "bitale",
]  # bottom first
PYTHONS = ["3.10", "3.11", "3.12", "3.13"]
RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"
SETTINGS = nox.project.load_toml("pyproject.toml")
CACHE = Path(".nox", ".cache", "wheels").absolute()
REPORTS = Path(".nox", "reports").absolute()


def put_pyenv_on_path() -> None:
    """Put the Pythons of pyenv on the path, before its shims, which answer for few of them."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    folders = [str(folder) for version in PYTHONS for folder in versions.glob(f"{version}.*/bin")]
    os.environ["PATH"] = os.pathsep.join([*folders, os.environ["PATH"]])


def answers(version: str) -> bool:
    """Whether the path has a Python of a version that runs."""
    path = shutil.which(f"python{version}")
    return bool(path) and subprocess.call([path, "-c", ""], stderr=subprocess.DEVNULL) == 0


put_pyenv_on_path()
# Each environment imports a part of what it holds: Python compiles that part when it does.
os.environ.setdefault("PIP_NO_COMPILE", "1")
OLDEST = next(filter(answers, PYTHONS), RUNNING)


def group(name: str) -> tuple[str, ...]:
    """Return the requirements of a dependency group of the settings."""
    return nox.project.dependency_groups(SETTINGS, name)


def project(package: str) -> dict:
    """Return the ``[project]`` table of a package."""
    return nox.project.load_toml(f"packages/{package}/pyproject.toml")["project"]


def module(package: str) -> str:
    """Return the name that a package is imported by."""
    return project(package)["name"].replace("-", "_")


def requirements(package: str) -> list[Requirement]:
    """Return what a package declares, extras included."""
    table = project(package)
    extras = table.get("optional-dependencies", {}).values()
    return [Requirement(line) for lines in (table["dependencies"], *extras) for line in lines]


def needed_by(package: str) -> list[str]:
    """Return the neighbours that a package declares, and theirs, bottom first."""
    named = {requirement.name for requirement in requirements(package)}
    direct = [other for other in PACKAGES if other != package and project(other)["name"] in named]
    found = {name for other in direct for name in (other, *needed_by(other))}
    return [other for other in PACKAGES if other in found]


def sources(package: str) -> list[Path]:
    """Return the files that decide what a package's wheel holds; what a build leaves is none."""
    folder = Path("packages", package)
    files = [path for pattern in ("*", "src/**/*") for path in folder.glob(pattern)]
    made = {".so", ".pyc", ".html"}
    return sorted(
        path
        for path in files
        if path.is_file()
        and path.suffix not in made
        and ".egg-info" not in str(path)
        # Cython writes its C beside what it reads; other C is ours.
        and not (path.suffix == ".c" and path.with_suffix(".pyx").exists())
    )


def copied(session: nox.Session, package: str) -> Path:
    """Copy a package's sources and tests aside, so that a build leaves nothing in the checkout."""
    target = Path(session.create_tmp(), "sources", package)
    shutil.rmtree(target, ignore_errors=True)
    folder = Path("packages", package)
    tests = [path for path in folder.glob("tests/**/*") if path.is_file() and path.suffix != ".pyc"]
    for path in [*sources(package), *tests]:
        place = target / path.relative_to(folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, place)
    return target


def wheel(session: nox.Session, package: str) -> Path:
    """Return a package's wheel, built if its sources have changed since the last time."""
    digest = hashlib.sha256()
    for path in sources(package):
        digest.update(str(path).encode() + b"\0" + path.read_bytes())
    compiled = any(path.suffix == ".pyx" for path in sources(package))
    shelf = CACHE / package / (str(session.python or RUNNING) if compiled else "any")
    place = shelf / digest.hexdigest()[:16]
    if not list(place.glob("*.whl")):
        shutil.rmtree(shelf, ignore_errors=True)
        folder = copied(session, package)
        if session.venv_backend == "uv":
            python = Path(session.bin, "python")
            session.run(
                *("uv", "build", "--quiet", "--wheel", "--python", python),
                *("--out-dir", place, folder),
            )
        else:
            session.run(
                *("python", "-m", "pip", "wheel", "--quiet", "--no-deps"),
                *("--wheel-dir", place, folder),
            )
    return next(place.glob("*.whl"))


def install(session: nox.Session, package: str, *others: str, extras: str = "") -> None:
    """Install a package, the neighbours it declares, and what else is named."""
    wheels = {name: str(wheel(session, name)) for name in [*needed_by(package), package]}
    if list(Path(session.virtualenv.location).glob("lib/*/site-packages/bitale*.dist-info")):
        # The environment is used again: it holds the same versions, of older sources.
        session.install("--force-reinstall", "--no-deps", *wheels.values())
    if extras:
        wheels[package] = f"{project(package)['name']}[{extras}] @ {Path(wheels[package]).as_uri()}"
    session.install(*wheels.values(), *others)


def pytest(session: nox.Session, *arguments: str) -> None:
    """Run pytest on what is installed, and leave a report by the name of the session.

    Nothing of the user's reaches the tests: no settings, no sources, no compiled functions.
    """
    REPORTS.mkdir(parents=True, exist_ok=True)
    report = REPORTS / f"{session.name}.xml"
    workers = min(os.cpu_count() or 1, 4)  # most of the time goes to compilers, one of each test's
    # CI judges a change: the same examples each time. Elsewhere property tests go on searching.
    fixed = ["--hypothesis-seed=0"] if os.environ.get("CI") else []
    # A worker that has no test left takes some of another's: a few tests take a minute each.
    shared = [f"--numprocesses={workers}", "--dist=worksteal"]
    options = ["-q", *shared, f"--junit-xml={report}", *fixed]
    session.run("pytest", *options, *arguments, *session.posargs, env=environment(session))


def environment(session: nox.Session) -> dict[str, str]:
    """Return what keeps settings, sources and compiled functions of the user away."""
    return {
        "BITALE_FLAGS": "",
        "BITALERC": os.devnull,
        "PYTHONPATH": "",
        "OPENBLAS_NUM_THREADS": "1",  # tests share the cores already
        "XDG_CACHE_HOME": str(Path(session.create_tmp(), "cache").absolute()),
    }


def run_random_programs(session: nox.Session) -> None:
    """Run random programs in all ways, others in each session: over 2,000 in all of them.

    Some run on the emulated device, each program of which costs as much as several in C. Where a
    part of the tests is asked for, none run.
    """
    if session.posargs:
        return
    command = ("python", "-m", "tests.fuzz", "--quick", f"--seed={session.name}", "--programs")
    kinds = (["400"], ["40", "--batch=3", "--device=emulated"])
    # Each is one process for the most part.
    with ThreadPoolExecutor(len(kinds)) as pool:
        ran = [pool.submit(session.run, *command, *k, env=environment(session)) for k in kinds]
    for one in ran:
        one.result()


# What the tests of a package alone are better with: the compiler of kernels, which needs no GPU,
# an MPI for several processes, and dataframes.
ALSO = {"codegen-cuda": group("cuda"), "nnet": (*group("mpi"), *group("tables"))}


@nox.session
@nox.parametrize("package", PACKAGES, ids=PACKAGES)
def tests(session: nox.Session, package: str) -> None:
    """Test a package alone, with its declared dependencies and no other."""
    install(session, package, *group("test"), *ALSO.get(package, ()))
    pytest(session, f"packages/{package}/tests")


@nox.session(python=[version for version in PYTHONS if version != RUNNING])
@nox.parametrize("package", PACKAGES, ids=PACKAGES)
def pythons(session: nox.Session, package: str) -> None:
    """Test a package alone on the other Pythons that are here, without its slow tests."""
    install(session, package, *group("test"))
    pytest(session, "-m", "not slow", f"packages/{package}/tests")
    if package == "bitale":
        run_random_programs(session)


@nox.session(python=OLDEST)
@nox.parametrize("package", PACKAGES, ids=PACKAGES)
def lowest(session: nox.Session, package: str) -> None:
    """Test a package with the lowest versions that it and its neighbours admit."""
    floors = {
        f"{requirement.name}=={specifier.version}"
        for name in [*needed_by(package), package]
        for requirement in requirements(name)
        for specifier in requirement.specifier
        if specifier.operator == ">=" and not requirement.name.startswith("bitale")
    }
    constraints = Path(session.create_tmp(), "lowest.txt")
    constraints.write_text("\n".join(sorted(floors)), encoding="utf-8")
    install(session, package, *group("test"), "--constraint", str(constraints))
    pytest(session, "-m", "not slow", f"packages/{package}/tests")
    if package == "bitale":
        run_random_programs(session)


@nox.session
def cross(session: nox.Session) -> None:
    """Test what crosses layers, with all of them installed."""
    install(session, "bitale", *group("cross"), extras="plot,safetensors")
    pytest(session, "tests")
    run_random_programs(session)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format and spelling."""
    session.install(*group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("codespell")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types of every package's sources (mypy, strict)."""
    session.install(*group("types"))
    session.run("mypy", *(f"packages/{package}/src" for package in PACKAGES))


@nox.session
def contracts(session: nox.Session) -> None:
    """Check who imports whom: layers, and no circles."""
    session.install(*group("contracts"))
    path = os.pathsep.join(f"packages/{package}/src" for package in PACKAGES)
    session.run("lint-imports", "--no-cache", env={"PYTHONPATH": path})


@nox.session
def changelog(session: nox.Session) -> None:
    """Show the next changelog of each package; after ``-- commit``, ask for fragments since."""
    session.install(*group("changelog"))
    for package in PACKAGES:
        session.run(
            *("towncrier", "build", "--draft", "--config", "pyproject.toml"),
            *("--dir", f"packages/{package}", "--name", project(package)["name"]),
            *("--version", project(package)["version"]),
        )
    for commit in session.posargs:
        command = ("git", "diff", "--name-only", f"{commit}...")
        changed = str(session.run(*command, external=True, silent=True)).splitlines()
        for package in PACKAGES:
            folders = {
                path.split("/")[2] for path in changed if path.startswith(f"packages/{package}/")
            }
            if "src" in folders and "changes" not in folders:
                session.error(f"packages/{package}/src changed since {commit}: add a fragment")


@nox.session
def build(session: nox.Session) -> None:
    """Build and check every wheel and sdist, and import all of them in a fresh environment."""
    session.install(*group("build"))
    installer = "uv" if session.venv_backend == "uv" else "pip"
    if installer == "uv":
        session.install("uv")
    made = Path(session.create_tmp(), "dist").absolute()
    shutil.rmtree(made, ignore_errors=True)
    for package in PACKAGES:
        folder = copied(session, package)
        session.run(
            *("python", "-m", "build", f"--installer={installer}", "--outdir", made, folder),
            silent=True,  # shown where it fails
        )
    session.run("twine", "check", "--strict", *sorted(made.iterdir()))
    for archive in sorted(made.iterdir()):
        check_contents(session, archive)
    fresh = Path(session.create_tmp(), "fresh").absolute()
    session.run("virtualenv", "--quiet", "--clear", fresh)
    python = fresh / ("Scripts" if os.name == "nt" else "bin") / "python"
    session.run(python, "-m", "pip", "install", "--quiet", *made.glob("*.whl"), external=True)
    for package in PACKAGES:
        session.run(python, "-W", "error", "-c", f"import {module(package)}", external=True)


def check_contents(session: nox.Session, archive: Path) -> None:
    """Stop the session unless an archive holds its marker of types and its licence."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as opened:
            names = opened.namelist()
    else:
        with tarfile.open(archive) as opened:
            names = opened.getnames()
    for wanted in ("py.typed", "LICENSE"):
        if not any(Path(name).name == wanted for name in names):
            session.error(f"{archive.name} holds no {wanted}")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site of the documentation into out/site, to be read without a network."""
    install(session, "bitale", *group("docs"))
    session.run("python", "docs/site/build.py", "out/site", env=environment(session))


@nox.session
def demo(session: nox.Session) -> None:
    """Train the classifier of handwritten digits: the main job."""
    install(session, "bitale", *group("demo"), extras="plot,safetensors")
    session.run("python", "examples/digits.py", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure (not run by default; arguments after ``--`` go to the benchmark)."""
    install(session, "bitale")
    session.run("python", "benchmarks/run.py", *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Show which lines and branches no test reaches (not run by default)."""
    install(session, "bitale", *group("coverage"), extras="plot,safetensors")
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", "-q", "packages", "tests", *session.posargs)
    session.run("coverage", "combine")
    session.run("coverage", "report")
