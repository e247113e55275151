"""Ops that are written in C for Theano, and have no `perform`: compiled by themselves and called.

Each becomes a module of Python's C interface, which gets arrays and gives arrays; other ops do not
fuse with it.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.machinery
import importlib.util
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from bitale_graph import TensorType

_UNKNOWN = ("c_support_code_struct", "c_init_code_struct", "c_code_cleanup_struct")


def results(op: Any, node: Any, inputs: Sequence[Any]) -> Iterable[Any]:
    """What the C code of an op gives for a node."""
    return _compiled(_source(op, node), _flags(op))(*map(np.asarray, inputs))


_TEXT = """\
#include <Python.h>
#include <numpy/arrayobject.h>
#include <math.h>
#include <stdio.h>
{headers}
{types}
{support}
static PyObject *run(PyObject *self_, PyObject *args_) {{
{declarations}
    PyObject *results_ = NULL;
    if (!PyArg_ParseTuple(args_, "{parse}"{parsed})) return NULL;
    {{
{code}
    }}
    results_ = PyTuple_New({n_outputs});
{results}
    return results_;
fail_:
{cleanup}
    return NULL;
}}
static PyMethodDef methods_[] = {{{{"run", run, METH_VARARGS, ""}}, {{NULL, NULL, 0, NULL}}}};
static struct PyModuleDef module_ = {{PyModuleDef_HEAD_INIT, "NAME", NULL, -1, methods_}};
PyMODINIT_FUNC PyInit_NAME(void) {{
    import_array();
{init}
    return PyModule_Create(&module_);
}}
"""
_FAIL = """{
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_RuntimeError, "the op's C code failed");
        goto fail_;
    }"""
_RESULT = """\
    if (!{v}) {{ PyErr_SetString(PyExc_ValueError, "C code left output {i} unset"); goto fail_; }}
    PyTuple_SET_ITEM(results_, {i}, (PyObject *){v}); {v} = NULL;"""


def _source(op: Any, node: Any) -> str:
    """The text of the module of a node; NAME stands for its name."""
    _check(op, node)
    ins = [f"in{i}" for i in range(len(node.inputs))]
    outs = [f"out{i}" for i in range(len(node.outputs))]
    both = list(zip(ins + outs, [*node.inputs, *node.outputs], strict=True))
    return _TEXT.format(
        headers="\n".join(f"#include {_bracketed(h)}" for h in _asked(op, "c_headers")),
        types="\n".join(f"typedef npy_{v.type.dtype} dtype_{name};" for name, v in both),
        support="\n".join(
            [
                _text(op, "c_support_code"),
                _text(op, "c_support_code_apply", node, "node"),
            ]
        ),
        declarations="\n".join(f"    PyArrayObject *{name} = NULL;" for name in ins + outs),
        parse="O" * len(ins),
        parsed="".join(f", &{name}" for name in ins),
        code=op.c_code(node, "node", ins, outs, {"fail": _FAIL}),
        n_outputs=len(outs),
        results="\n".join(_RESULT.format(v=v, i=i) for i, v in enumerate(outs)),
        cleanup="\n".join(["    Py_XDECREF(results_);", *(f"    Py_XDECREF({v});" for v in outs)]),
        init="\n".join(_asked(op, "c_init_code")),
    )


def _check(op: Any, node: Any) -> None:
    """Refuse C code that needs more of Theano than there is here."""
    for name in _UNKNOWN:
        if hasattr(op, name):
            raise TypeError(f"{op} has {name}, which is not called here: give it a perform")
    if getattr(op, "params_type", None) is not None:
        raise TypeError(f"{op}: C code gets no params_type here: give the op a perform")
    for v in (*node.inputs, *node.outputs):
        if not isinstance(v.type, TensorType):
            raise TypeError(f"{op}: C code gets tensors here, and not {v.type}")


def _bracketed(header: str) -> str:
    return header if header[0] in '<"' else f"<{header}>"


def _text(op: Any, method: str, *arguments: Any) -> str:
    made = getattr(op, method, None)
    try:
        return str(made(*arguments)) if made is not None else ""
    except NotImplementedError:
        return ""


def _asked(op: Any, method: str) -> list[str]:
    return [str(x) for x in getattr(op, method, list)()]


def _flags(op: Any) -> tuple[str, ...]:
    """What the compiler is asked for beside the text."""
    dirs = [f"-I{d}" for d in _asked(op, "c_header_dirs")]
    lib_dirs = [f"-L{d}" for d in _asked(op, "c_lib_dirs")]
    libraries = [f"-l{x}" for x in _asked(op, "c_libraries")]
    return (*_asked(op, "c_compile_args"), *dirs, *lib_dirs, *libraries)


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="bitale-c-code-")


@functools.cache
def _compiled(source: str, flags: tuple[str, ...]) -> Callable[..., Iterable[Any]]:
    """The function that a text defines."""
    compiler = shutil.which("g++") or shutil.which("c++")
    if compiler is None:
        raise TypeError("an op has c_code and no perform, and there is no g++ to compile it")
    name = "c_" + hashlib.sha256(source.encode()).hexdigest()[:16]
    text = Path(_folder().name, f"{name}.cpp")
    text.write_text(source.replace("NAME", name))
    includes = (f"-I{sysconfig.get_path('include')}", f"-I{np.get_include()}")
    made = text.with_suffix(".so")
    command = [compiler, "-shared", "-fPIC", "-O2", "-w", *includes, str(text), "-o", str(made)]
    done = subprocess.run([*command, *flags], capture_output=True, text=True, check=False)
    if done.returncode:
        raise TypeError(f"the C code of an op is refused by g++:\n{done.stderr}")
    spec = importlib.util.spec_from_file_location(
        name, made, loader=importlib.machinery.ExtensionFileLoader(name, str(made))
    )
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.run  # type: ignore[no-any-return]
