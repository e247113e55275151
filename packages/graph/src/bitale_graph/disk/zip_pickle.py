"""Objects in zip files: their arrays one by one, as NumPy reads them, and the rest as a pickle."""

from __future__ import annotations

import io
import pickle
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from ..core.tag import Tag
from ..tensor.shared import SharedVariable

if TYPE_CHECKING:
    import zipfile

PICKLE = "pkl"  # the member that holds what is no array

_LONGEST = 10_000  # letters of a name; a zip file has room for 65,535 bytes

PersistentId = Callable[[Any], Any]


class PersistentNdarrayID:
    """Puts each array into a member of its own: ``array_0``, ``array_1``, ...

    Parameters
    ----------
    zip_file : ZipFile
        Open for writing.
    """

    def __init__(self, zip_file: zipfile.ZipFile) -> None:
        self.zip_file = zip_file
        self.count = 0
        self.taken = {PICKLE}
        # Arrays are kept as long as their numbers, which others could have after them.
        self.seen: dict[int, tuple[str, Any]] = {}

    def __call__(self, obj: Any) -> str | None:
        """Give the name of the member that an array is in; None for anything else."""
        if type(obj) is not np.ndarray or obj.dtype.hasobject:
            return None
        if id(obj) not in self.seen:
            name = self._free(self.name_of(obj))
            data = io.BytesIO()
            np.lib.format.write_array(data, obj, allow_pickle=False)
            self.zip_file.writestr(f"{name}.npy", data.getvalue())
            self.seen[id(obj)] = (f"{name}.npy", obj)
        return self.seen[id(obj)][0]

    def name_of(self, obj: Any) -> str:
        """A name for an array that has none yet."""
        self.count += 1
        return f"array_{self.count - 1}"

    def _free(self, name: str) -> str:
        """A name that no member has, in letters that a zip file can hold."""
        shown = name[:_LONGEST].replace("\0", "\\x00").encode(errors="backslashreplace").decode()
        found, number = shown, 1
        while found in self.taken:
            number += 1
            found = f"{shown}_{number}"
        self.taken.add(found)
        return found


class PersistentSharedVariableID(PersistentNdarrayID):
    """Names the arrays of shared variables as these are named.

    Parameters
    ----------
    zip_file : ZipFile
        Open for writing.
    allow_unnamed : bool
        Whether shared variables need no name.
    allow_duplicates : bool
        Whether two may have one name; the second is ``name_2``.
    """

    def __init__(
        self, zip_file: zipfile.ZipFile, allow_unnamed: bool = True, allow_duplicates: bool = True
    ) -> None:
        super().__init__(zip_file)
        self.allow_unnamed, self.allow_duplicates = allow_unnamed, allow_duplicates
        self.names: dict[int, tuple[str, Any]] = {}
        self.counts: Counter[str] = Counter()

    def __call__(self, obj: Any) -> str | None:
        """Note the names of shared variables; give the name of the member of an array."""
        if isinstance(obj, SharedVariable):
            self._note(obj)
        elif callable(getattr(type(obj), "get_shared", None)):  # a function stores storage alone
            for variable in obj.get_shared():
                self._note(variable)
        return super().__call__(obj)

    def _note(self, variable: SharedVariable[Any]) -> None:
        data = variable.container.read()
        if not isinstance(data, np.ndarray) or id(data) in self.names:
            return
        name = variable.name
        if not name:
            if not self.allow_unnamed:
                raise ValueError(f"dump: a shared variable has no name: {variable!r}")
            return
        if name == PICKLE:
            raise ValueError(f"dump: a shared variable cannot be named {PICKLE!r} in such a file")
        self.counts[name] += 1
        if self.counts[name] > 1 and not self.allow_duplicates:
            raise ValueError(f"dump: two shared variables are named {name!r}")
        self.names[id(data)] = (name, data)

    def name_of(self, obj: Any) -> str:
        """The name of the variable that holds an array, or else a number."""
        known = self.names.get(id(obj))
        return super().name_of(obj) if known is None else known[0]


class PersistentNdarrayLoad:
    """Reads arrays from the members of a zip file."""

    def __init__(self, zip_file: zipfile.ZipFile) -> None:
        self.zip_file = zip_file
        self.seen: dict[str, Any] = {}

    def __call__(self, name: Any) -> Any:
        """Give the array in a member."""
        if name not in self.seen:
            data = io.BytesIO(self.zip_file.read(name))
            self.seen[name] = np.lib.format.read_array(data, allow_pickle=False)
        return self.seen[name]


class StripPickler(pickle.Pickler):
    """A pickler that leaves out of tags what only helps to debug.

    Parameters
    ----------
    file : binary file
    protocol : int
    extra_tag_to_remove : str, optional
        Another attribute of tags to leave out.
    """

    def __init__(
        self,
        file: BinaryIO,
        protocol: int = pickle.DEFAULT_PROTOCOL,
        extra_tag_to_remove: str | None = None,
    ) -> None:
        super().__init__(file, protocol)
        self.left_out = {"trace", "test_value", "replacement_of", extra_tag_to_remove}

    def reducer_override(self, obj: Any) -> Any:
        """Store tags without the attributes that are left out."""
        if isinstance(obj, Tag):
            kept = {k: v for k, v in vars(obj).items() if k not in self.left_out}
            return Tag, (), kept
        return NotImplemented


def dump_zip(
    obj: Any,
    file_handler: BinaryIO,
    protocol: int = pickle.DEFAULT_PROTOCOL,
    persistent_id: Callable[[zipfile.ZipFile], PersistentId] = PersistentSharedVariableID,
) -> None:
    """Write an object into a zip file, which `numpy.load` reads the arrays of.

    Parameters
    ----------
    obj : object
        With all that it refers to; what can be pickled.
    file_handler : binary file
        Open for writing.
    protocol : int
        Of `pickle`.
    persistent_id : callable
        Gives for the zip file what chooses the objects that are members of their own, and writes
        them. By default all arrays, those of shared variables by the names of these.
    """
    import zipfile  # costs a hundredth of importing this package

    with zipfile.ZipFile(file_handler, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as zip_file:
        data = io.BytesIO()
        pickler = StripPickler(data, protocol)
        pickler.persistent_id = persistent_id(zip_file)  # type: ignore[method-assign]  # as pickle has it
        pickler.dump(obj)
        zip_file.writestr(PICKLE, data.getvalue())


def load_zip(
    f: BinaryIO,
    persistent_load: Callable[[zipfile.ZipFile], Callable[[Any], Any]] = PersistentNdarrayLoad,
) -> Any:
    """Read an object that `dump_zip` has written. It can run any code, as any pickle.

    Parameters
    ----------
    f : binary file
    persistent_load : callable
        Gives for the zip file what reads its members.

    Raises
    ------
    zipfile.BadZipFile
        If the file is no zip file, or has been written in part.
    ValueError
        If it is one that `dump_zip` has not written, or not to its end.
    """
    import zipfile  # costs a hundredth of importing this package

    with zipfile.ZipFile(f, "r") as zip_file:
        if PICKLE not in zip_file.namelist():
            raise ValueError(
                f"load: a zip file without a member {PICKLE!r}: dump did not write it, or not to "
                "its end\n  hint: numpy.load reads the arrays that are there"
            )
        load_member = persistent_load(zip_file)

        # Some releases of Python 3.13 refuse to have the method set on an unpickler.
        class Unpickler(pickle.Unpickler):
            def persistent_load(self, pid: Any) -> Any:
                return load_member(pid)

        return Unpickler(io.BytesIO(zip_file.read(PICKLE))).load()
