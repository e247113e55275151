"""Finding and running the C compiler."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bitale_graph.disk import CacheError, cache_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bitale_graph.disk import Cache

OPTIMIZATION_FLAGS = (
    "-O2",  # what is written asks for more or less where that pays
    "-march=native",
    "-fopenmp-simd",
    # Without errno and traps, loops over math functions vectorise; NaN, infinities and signed
    # zeros keep their meaning, which -ffast-math would take away.
    "-fno-math-errno",
    "-fno-trapping-math",
    "-ffp-contract=fast",
    "-fwrapv",  # integers wrap around, as NumPy's do
    "-fno-strict-aliasing",  # one buffer serves values of several types in turn
)
COMMON_FLAGS = ("-fPIC", "-pipe")
# What a compiler may lack, in the order in which to try without it.
_OPTIONAL_FLAGS = ("-fopenmp-simd", "-march=native")
_PROBE = """#include <stdint.h>
int64_t probe(float *x, int64_t n) {
#pragma omp simd
    for (int64_t i = 0; i < n; i++) x[i] += 1;
    return n;
}
"""
_SHOWN_ERRORS = 5


class CompileError(RuntimeError):
    """The compiler refused a file, or did not run.

    Attributes
    ----------
    command : tuple of str
    messages : str
        What the compiler wrote.
    """

    def __init__(self, command: Sequence[str], messages: str, source: str = "") -> None:
        self.command = tuple(command)
        self.messages = messages
        parts = [f"the C compiler failed: {shlex.join(command)}", messages.rstrip()]
        if excerpt := _excerpt(messages, source):
            parts.append(f"at these lines of the source:\n{excerpt}")
        super().__init__("\n".join(parts))


@dataclass(frozen=True)
class Compiler:
    """A C compiler that works.

    Attributes
    ----------
    command : tuple of str
        The program, by its full path, and arguments that come before all others.
    version : str
        What it says of itself: name, version and target.
    flags : tuple of str
    """

    command: tuple[str, ...]
    version: str
    flags: tuple[str, ...]

    @property
    def path(self) -> Path:
        return Path(self.command[0])

    def compile(self, source: str, output: Path, objects: Sequence[Path] = ()) -> None:
        """Compile C to a shared object; the source is left beside it as ``<output>.c``.

        Parameters
        ----------
        source : str
        output : Path
        objects : sequence of Path
            Object files to link in.

        Raises
        ------
        CompileError
            With the command, the compiler's messages and the lines that they are about.
        """
        self._run(source, output, ["-shared"], [*map(str, objects), "-lm"])

    def compile_object(self, source: str, output: Path, defined: Sequence[str] = ()) -> None:
        """Compile C to an object file, as `compile` does, with macros such as ``"BT_PART=1"``."""
        self._run(source, output, ["-c", *(f"-D{one}" for one in defined)], [])

    def link(self, objects: Sequence[Path], output: Path) -> None:
        """Put object files together to a shared object."""
        command = [*self.command, *self.flags, "-shared", *COMMON_FLAGS, "-o", str(output)]
        run_compiler([*command, *map(str, objects), "-lm"], "", output.parent)

    def _run(self, source: str, output: Path, kind: list[str], rest: list[str]) -> None:
        file = output.with_suffix(".c")
        # Whatever a person named is spelled in ASCII by now: anything else is a leak.
        file.write_text(source, encoding="ascii")
        command = [*self.command, *self.flags, *kind, *COMMON_FLAGS]
        run_compiler([*command, "-o", str(output), str(file), *rest], source, output.parent)


def find_compiler(
    choice: str | None = None, extra_flags: Sequence[str] = (), cache: Cache | None = None
) -> Compiler | None:
    """Find a C compiler.

    Parameters
    ----------
    choice
        Path or name of the compiler; "" means to use none; None: ``$CC``, then gcc, cc and clang.
    extra_flags
        Put after `OPTIMIZATION_FLAGS`, so they win.
    cache
        Where to remember the version, so that a later process need not run the compiler for it.

    Returns
    -------
    Compiler or None
        None if there is no compiler, or none is wanted.

    Raises
    ------
    CompileError
        If a compiler was named and it is not there or does not work.
    """
    if choice == "":
        return None
    if choice is not None:
        path = shutil.which(str(Path(choice).expanduser()))
        if path is None:
            raise CompileError([choice], "there is no such program")
        return _describe((path,), extra_flags, cache)
    for name in (os.environ.get("CC", ""), "gcc", "cc", "clang"):
        words = shlex.split(name)
        path = shutil.which(words[0]) if words else None
        if path is not None:
            return _describe((path, *words[1:]), extra_flags, cache)
    return None


def _describe(
    command: tuple[str, ...], extra_flags: Sequence[str], cache: Cache | None
) -> Compiler:
    """Ask a compiler for its version and which flags it takes, or recall the answer."""
    status = Path(command[0]).stat()
    identity = [str(status.st_mtime_ns), str(status.st_size), *OPTIMIZATION_FLAGS]
    key = cache_key("compiler", *command, *identity)
    known = _recalled(cache, key) if cache is not None else None
    if known is None:
        text = run_compiler([*command, "--version"])
        version = "\n".join(re.findall(r"\A.*|^Target:.*", text, flags=re.MULTILINE))
        is_gcc = "Free Software Foundation" in text
        known = version, _accepted_flags(command, is_gcc)
        if cache is not None:
            record = json.dumps({"version": known[0], "flags": known[1]}).encode()
            with contextlib.suppress(CacheError):  # a full disk: the next process asks again
                cache.put(key, {"compiler.json": record})
    version, flags = known
    return Compiler(command, version, (*flags, *extra_flags))


def _recalled(cache: Cache, key: str) -> tuple[str, tuple[str, ...]] | None:
    """Version and flags of a compiler as an earlier process noted them."""
    entry = cache.get(key)
    if entry is None:
        return None
    try:
        known = json.loads((entry / "compiler.json").read_text(encoding="utf-8"))
        version, flags = known["version"], tuple(known["flags"])
        # No file puts anything else on a command line.
        if isinstance(version, str) and set(flags) <= set(OPTIMIZATION_FLAGS):
            return version, flags
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    cache.discard(key)
    return None


def _accepted_flags(command: tuple[str, ...], is_gcc: bool) -> tuple[str, ...]:
    """Leave out what the compiler cannot do; GCC on Linux takes all and is not asked."""
    import tempfile

    if is_gcc and sys.platform == "linux":
        return OPTIMIZATION_FLAGS
    failure: CompileError | None = None
    for dropped in ((), *((flag,) for flag in _OPTIONAL_FLAGS), _OPTIONAL_FLAGS):
        kept = tuple(flag for flag in OPTIMIZATION_FLAGS if flag not in dropped)
        try:
            with tempfile.TemporaryDirectory(prefix="bitale-") as folder:
                Compiler(command, "", kept).compile(_PROBE, Path(folder) / "probe.so")
        except CompileError as error:
            failure = error
        else:
            return kept
    raise failure or CompileError(command, "it accepts none of the flags")


def run_compiler(command: Sequence[str], source: str = "", folder: Path | None = None) -> str:
    """Run the compiler without a shell and return what it wrote.

    Parameters
    ----------
    command
    source
        What is compiled, for the message of an error.
    folder
        Where the compiler keeps its own temporary files: one that no other user can write.

    Raises
    ------
    CompileError
        If it cannot be started or reports an error.
    """
    import subprocess  # not needed when all that is called for is in the cache

    environment = {**os.environ, "LC_ALL": "C"}
    if folder is not None:
        environment["TMPDIR"] = str(folder)
    try:
        result = subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment,
        )
    except OSError as error:
        raise CompileError(command, str(error)) from error
    messages = result.stderr.decode(errors="replace")
    if result.returncode != 0:
        if result.returncode < 0:
            messages += f"\nit was ended by signal {-result.returncode}"
        raise CompileError(command, messages, source)
    return result.stdout.decode(errors="replace")


def _excerpt(messages: str, source: str) -> str:
    """Return the source lines of the first errors, with one line around each."""
    lines = source.splitlines()
    numbers: list[int] = []
    for match in re.finditer(r":(\d+):\d+: (?:fatal )?error:", messages):
        number = int(match[1])
        if number <= len(lines) and number not in numbers:
            numbers.append(number)
    shown = sorted({n for at in numbers[:_SHOWN_ERRORS] for n in (at - 1, at, at + 1)})
    return "\n".join(f"{n:6d} | {lines[n - 1]}" for n in shown if 1 <= n <= len(lines))
