"""Putting into a file all that a function is made of, for a report of a bug."""

from __future__ import annotations

import os
from typing import Any


def function_dump(
    filename: str | os.PathLike[str],
    inputs: Any,
    outputs: Any = None,
    mode: Any = None,
    updates: Any = None,
    givens: Any = None,
    no_default_updates: Any = False,
    accept_inplace: bool = False,
    name: str | None = None,
    rebuild_strict: bool = True,
    allow_input_downcast: bool | None = None,
    profile: Any = None,
    on_unused_input: str | None = None,
    extra_tag_to_remove: str | None = None,
) -> None:
    """Write the arguments of `function` into a file instead of compiling.

    To compile later: ``function(**pickle.load(open(filename, "rb")))``. As any pickle the file can
    run code when it is read.

    Parameters
    ----------
    filename : str or Path
    inputs, ..., on_unused_input
        As of `function`.
    extra_tag_to_remove : str, optional
        Accepted for Theano's sake.
    """
    given = {
        "inputs": inputs,
        "outputs": outputs,
        "mode": mode,
        "updates": updates,
        "givens": givens,
        "no_default_updates": no_default_updates,
        "accept_inplace": accept_inplace,
        "name": name,
        "rebuild_strict": rebuild_strict,
        "allow_input_downcast": allow_input_downcast,
        "profile": profile,
        "on_unused_input": on_unused_input,
    }
    import pickle
    from pathlib import Path

    Path(filename).write_bytes(pickle.dumps(given, protocol=pickle.HIGHEST_PROTOCOL))
