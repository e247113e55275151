"""Where settings are given: files of keys and values, and ``BITALE_FLAGS``; each with its place."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from .errors import ConfigError


@dataclass(frozen=True)
class Given:
    """The text given for a setting, and where: a file and a line, or a variable (line 0)."""

    text: str
    source: str
    line: int = 0

    @property
    def place(self) -> str:
        """The place in words."""
        return f"{self.source}, line {self.line}" if self.line else self.source


def read_given() -> dict[str, Given]:
    """What the files named by ``BITALERC`` and then ``BITALE_FLAGS`` say; later ones win."""
    try:
        return {**given_by_files(), **given_by_variable()}
    except ConfigError:
        if is_doctor():
            return {}
        raise


def given_by_variable(variable: str = "BITALE_FLAGS") -> dict[str, Given]:
    """Read ``key=value`` pairs separated by commas; the right-most wins."""
    found = {}
    for item in os.environ.get(variable, "").split(","):
        if not item.strip():
            continue
        key, equals, value = item.partition("=")
        if not equals or not key.strip():
            raise ConfigError(f"{variable} holds {item!r}; each item must read key=value")
        found[key.strip()] = Given(value.strip(), variable)
    return found


def given_by_files(variable: str = "BITALERC", usual: str = "~/.bitalerc") -> dict[str, Given]:
    """Read the files that a variable names; one that does not exist says nothing."""
    found: dict[str, Given] = {}
    for name in os.environ.get(variable, usual).split(os.pathsep):
        if not name.strip():
            continue
        # Not by `pathlib`, which made a twentieth of the time that `import bitale` takes. Of a user
        # without a home it is no file.
        path = os.path.expanduser(name.strip())  # noqa: PTH111 (see above)
        found.update(_parsed(_text(path), path))
    return found


def is_doctor() -> bool:
    """Whether this process is ``bitale doctor``, which itself shows what is wrong with settings."""
    program, *arguments = getattr(sys, "argv", None) or [""]
    name = os.path.splitext(os.path.basename(program))[0]  # noqa: PTH119, PTH122 (see above)
    return name in {"-m", "bitale"} and arguments[:1] == ["doctor"]


def _text(path: str) -> str:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 (see above)
            data = file.read()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        is_folder = isinstance(error, IsADirectoryError)
        what = "is a folder, and no file" if is_folder else f"cannot be read: {error.strerror}"
        raise ConfigError(
            f"the file of settings {path} {what}; mend it, or name another in BITALERC"
        ) from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{path}, line {line}: the file of settings is not UTF-8 text: {error.reason}"
        ) from error


def _parsed(text: str, source: str) -> dict[str, Given]:
    """Read ``[global]`` keys plainly and keys of other sections as ``section.key``.

    A line that begins with a blank goes on with the value before it; ``#`` and ``;`` begin lines of
    comment.
    """
    found: dict[str, Given] = {}
    prefix: str | None = None
    last = ""
    for number, line in enumerate(text.replace("\r", "").split("\n"), start=1):
        stripped = line.strip()
        if not stripped or stripped[0] in "#;":
            continue
        if line[0].isspace() and last:
            found[last] = Given(f"{found[last].text}\n{stripped}".strip(), source, found[last].line)
            continue
        place = f"{source}, line {number}"
        last = ""
        if stripped[0] == "[":
            section = stripped[1:-1].strip()
            if stripped[-1] != "]" or not section:
                raise ConfigError(f"{place}: {stripped!r} is no section; write [global]")
            prefix = "" if section == "global" else f"{section}."
            continue
        cut = min((i for i in (stripped.find("="), stripped.find(":")) if i >= 0), default=0)
        if cut == 0:
            raise ConfigError(f"{place}: {stripped!r} sets nothing; write key = value")
        if prefix is None:
            raise ConfigError(
                f"{place}: {stripped!r} stands before any section; put [global] on a line before it"
            )
        last = prefix + stripped[:cut].strip()
        if last in found:
            raise ConfigError(f"{place}: {last} is set already, in line {found[last].line}")
        found[last] = Given(stripped[cut + 1 :].strip(), source, number)
    return found
