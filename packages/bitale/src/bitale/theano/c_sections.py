"""Ops whose C code is in files, in sections: ``#section support_code_apply`` and the like."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .ops import Op

_SECTION = re.compile(r"^#section ([a-zA-Z0-9_]+)$", re.MULTILINE)
_OLD = re.compile(r"^THEANO_(APPLY|SUPPORT)_CODE_SECTION$", re.MULTILINE)
_OF_OLD = {"APPLY": "support_code_apply", "SUPPORT": "support_code"}
_KNOWN = ("init_code", "support_code", "support_code_apply", "code")
_UNCALLED = (
    "init_code_apply",
    "init_code_struct",
    "support_code_struct",
    "cleanup_code_struct",
    "code_cleanup",
)


class COp(Op):
    """An op with C code in files.

    Parameters
    ----------
    func_files : str or list of str
        Relative to the file of the class. A section that several have is that of all in a row.
    func_name : str, optional
        A function of these to call: with the inputs and the addresses of the outputs, giving 0
        where all is well. Without it there is a section ``code``, which reads ``INPUT_0`` and
        writes ``OUTPUT_0``, or says ``FAIL``.

    Raises
    ------
    ValueError
        For a file without sections, or with one that is not known here.
    """

    def __init__(self, func_files: str | Sequence[str], func_name: str | None = None) -> None:
        files = [func_files] if isinstance(func_files, str) else list(func_files)
        self.func_files, self.func_name = files, func_name
        self.code_sections: dict[str, str] = {}
        for one in files:
            for name, text in _sections(self.get_path(one)):
                self.code_sections[name] = self.code_sections.get(name, "") + text
        if (func_name is None) != ("code" in self.code_sections):
            raise ValueError(
                f"{type(self).__name__}: there must be either a func_name or a section code"
            )

    @classmethod
    def get_path(cls, f: str) -> str:
        """The place of a file, which may be relative to that of the class."""
        return str(Path(inspect.getfile(cls)).parent / f) if not Path(f).is_absolute() else f

    def c_init_code(self) -> list[str]:
        """The section ``init_code``."""
        return [self.code_sections[k] for k in ("init_code",) if k in self.code_sections]

    def c_support_code(self) -> str:
        """The section ``support_code``."""
        return self.code_sections.get("support_code", "")

    def c_support_code_apply(self, node: Any, name: str) -> str:
        """The section ``support_code_apply``, with what it may say of a node."""
        return _between(_of_node(node, name), self.code_sections.get("support_code_apply", ""))

    def format_c_function_args(self, inp: Sequence[str], out: Sequence[str]) -> str:
        """The arguments of the function in C."""
        return ", ".join([*inp, *(f"&{one}" for one in out)])

    def c_code(  # type: ignore[override]  # Theano's form
        self, node: Any, name: str, inputs: Sequence[str], outputs: Sequence[str], sub: Any
    ) -> str:
        """The call of ``func_name``, or the section ``code``."""
        macros = _of_node(node, name)
        if self.func_name is not None:
            call = f"{self.func_name}({self.format_c_function_args(inputs, outputs)})"
            return _between(macros, f"if ({call} != 0) {sub['fail']}")
        macros["FAIL"] = sub["fail"].replace("\n", " \\\n")
        macros.update({f"INPUT_{i}": x for i, x in enumerate(inputs)})
        macros.update({f"OUTPUT_{i}": x for i, x in enumerate(outputs)})
        return _between(macros, self.code_sections["code"])


def _sections(file: str) -> Iterator[tuple[str, str]]:
    text = Path(file).read_text(encoding="utf-8")
    old, new = _OLD.split(text), _SECTION.split(text)
    if len(old) > 1 and len(new) > 1:
        raise ValueError(f"{file} has sections of the old and of the new kind")
    if len(old) == len(new):
        raise ValueError(f"{file} has no section; one begins by a line such as #section code")
    if len(new) > 1 and new[0].strip():
        raise ValueError(f"{file} has code before its first section: {new[0].strip()!r:.80}")
    parts = old if len(old) > 1 else new
    for name, code in zip(parts[1::2], parts[2::2], strict=True):
        known = _OF_OLD.get(name, name)
        if known in _UNCALLED and code.strip():
            raise ValueError(f"{file} has a section {known}, which is not called here")
        if known not in (*_KNOWN, *_UNCALLED):
            raise ValueError(f"{file} has a section {known!r}; known are {', '.join(_KNOWN)}")
        yield known, code


def _of_node(node: Any, name: str) -> dict[str, Any]:
    """The macros that tell the types of a node."""
    found: dict[str, Any] = {"APPLY_SPECIFIC(str)": f"str##_{name}"}
    for kind, variables in (("INPUT", node.inputs), ("OUTPUT", node.outputs)):
        for i, v in enumerate(variables):
            dtype = np.dtype(v.type.dtype)
            found[f"DTYPE_{kind}_{i}"] = f"npy_{dtype.name}"
            found[f"TYPENUM_{kind}_{i}"] = dtype.num
            found[f"ITEMSIZE_{kind}_{i}"] = dtype.itemsize
    return found


def _between(macros: dict[str, Any], code: str) -> str:
    told = [f"#define {name} {text}" for name, text in macros.items()]
    untold = [f"#undef {name.partition('(')[0]}" for name in macros]
    return "\n".join([*told, code, *untold])


__all__ = ["COp"]
