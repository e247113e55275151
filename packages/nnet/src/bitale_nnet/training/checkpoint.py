"""The whole state of a training in a file, from which it goes on bit for bit."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..storage.array_file import suffix_of
from ..storage.persistence import load_arrays, remove_unfinished, save_arrays
from .callbacks import Callback

if TYPE_CHECKING:
    from .loop import Run

_FORMAT = "bitale-nnet checkpoint 1"
# Whole epochs, steps of the next one, steps of all, rows of the next one.
_COUNTS = 4


class Checkpoint(Callback):
    """Write the state of the training to a file, which is always whole.

    ``Trainer.fit(..., resume=path)`` goes on from it, to the same parameters, bit for bit, as if
    nothing had happened: it holds parameters, what the update rule remembers, random states, the
    place within the epoch, and the history. Each is written under another name, flushed to the
    disk, and renamed: whenever the process is killed, there is the old one or the new one.

    Parameters
    ----------
    path : path
        Ends in .npz, or .safetensors if that is installed. Arrays of numbers: nothing in it is
        ever executed.
    epochs : int
        Write after each so many epochs.
    steps : int, optional
        And within an epoch, after each so many steps.

    Raises
    ------
    ValueError
        If ``path`` ends in anything else.
    OSError
        When training begins, if its folder does not exist, or cannot be written to.
    """

    order = 2

    def __init__(
        self, path: str | os.PathLike[str], epochs: int = 1, steps: int | None = None
    ) -> None:
        for name, count in (("epochs", epochs), ("steps", steps)):
            wanted = isinstance(count, (int, np.integer)) and not isinstance(count, bool)
            if not wanted and not (name == "steps" and count is None):
                raise TypeError(f"{name} must be an integer, not {count!r}")
        if epochs < 1 or (steps is not None and steps < 1):
            raise ValueError(f"epochs and steps must be at least 1, and are {epochs} and {steps}")
        suffix_of(Path(path))
        self.path, self.epochs, self.steps = path, epochs, steps

    def on_train_begin(self, run: Run) -> None:
        # Not after the first epoch, which may take hours.
        folder = Path(self.path).parent
        if not os.access(folder, os.W_OK | os.X_OK):
            problem = "cannot be written to" if folder.is_dir() else "does not exist"
            raise OSError(f"the folder {folder}, where a checkpoint is to be, {problem}")
        # What a process that was killed had not finished.
        remove_unfinished(self.path)

    def on_step_end(self, run: Run) -> None:
        if self.steps is not None and run.steps % self.steps == 0:
            self._write(run)

    def on_epoch_end(self, run: Run) -> None:
        if run.epoch % self.epochs == 0 or run.epoch == run.epochs or run.stopped is not None:
            self._write(run)

    def _write(self, run: Run) -> None:
        state = run.get_state()  # in a world a message, which all processes take part in
        if run.is_first:
            write_state(self.path, state)


def write_state(path: str | os.PathLike[str], state: Mapping[str, Any]) -> None:
    """Write nested mappings of numbers, texts, lists and arrays."""
    arrays: dict[str, Any] = {}
    plain = _without_arrays(state, "", arrays)
    text = json.dumps({_FORMAT: plain}).encode()
    arrays["checkpoint"] = np.frombuffer(text, "uint8")
    save_arrays(path, arrays)


def read_state(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read what `write_state` wrote.

    Raises
    ------
    FileNotFoundError
        If there is none.
    ValueError
        If it is something else.
    """
    arrays = load_arrays(path)
    try:
        stored = json.loads(arrays.pop("checkpoint").tobytes())
        result: dict[str, Any] = _with_arrays(stored[_FORMAT], arrays)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{os.fspath(path)} is no checkpoint: {error!r}") from error
    return result


_PARTS: dict[str, type | tuple[type, ...]] = {
    "shared": list,
    "names": list,
    "callbacks": dict,
    "schedule": dict,
    "history": dict,
    "counts": list,
    "sums": list,
    "order": dict,
    "stopped": (str, type(None)),
}


def read_training(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the state of a training, of which all parts are there.

    Raises
    ------
    FileNotFoundError
        If there is none.
    ValueError
        If it is something else, or lacks something.
    """
    state = read_state(path)
    if not isinstance(state, dict):
        raise _refused(path, f"it holds {state!r}")
    lacking = [name for name in _PARTS if name not in state]
    if lacking:
        raise _refused(path, f"it lacks {', '.join(lacking)}")
    for name, kind in _PARTS.items():
        if not isinstance(state[name], kind):
            raise _refused(path, f"its {name} are {state[name]!r}")
    counts = state["counts"]
    if len(counts) != _COUNTS or any(type(n) is not int or n < 0 for n in counts):
        raise _refused(path, f"its counts are {counts!r}")
    return state


def _refused(path: str | os.PathLike[str], why: str) -> ValueError:
    return ValueError(f"{os.fspath(path)} is no checkpoint: {why}")


def _without_arrays(value: Any, name: str, arrays: dict[str, Any]) -> Any:
    """``value`` with a reference in the place of each array, which is put among ``arrays``."""
    if isinstance(value, np.ndarray):
        arrays[name] = value
        return {"array": name}
    if isinstance(value, Mapping):
        return {
            "mapping": {
                k: _without_arrays(v, f"{name}/{k}".lstrip("/"), arrays) for k, v in value.items()
            }
        }
    if isinstance(value, (list, tuple)):
        return [_without_arrays(v, f"{name}/{i}", arrays) for i, v in enumerate(value)]
    if isinstance(value, np.generic):
        return value.item()
    return value


def _with_arrays(value: Any, arrays: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_with_arrays(v, arrays) for v in value]
    if isinstance(value, dict):
        if set(value) == {"array"}:
            return arrays[value["array"]]
        return {k: _with_arrays(v, arrays) for k, v in value["mapping"].items()}
    return value
