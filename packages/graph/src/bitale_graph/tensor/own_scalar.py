"""Scalar ops of a user: a function of numbers in Python, with a derivative and a text in C."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import DtypeError
from .scalar import TRANSCENDENTAL, Array, ScalarOp
from .variable import TensorType

# From the types of the operands to those of the results, of which there is one.
OutputTypes = Callable[..., Sequence[Any]]


def upcast_out(*types: Any) -> tuple[TensorType]:
    """The dtype that NumPy gives the operands combined."""
    return (TensorType(dtypes.upcast(*(t.dtype for t in types)), ()),)


same_out = upcast_out


def upgrade_to_float(*types: Any) -> tuple[TensorType]:
    """As `upcast_out`; integers give floats."""
    return (TensorType(dtypes.at_least_float(upcast_out(*types)[0].dtype), ()),)


def float_out(*types: Any) -> tuple[TensorType]:
    """``floatX``."""
    return (TensorType("floatX", ()),)


def transfer_type(*places: int) -> OutputTypes:
    """The types of the operands at these places."""
    return lambda *types: tuple(types[i] for i in places)


def specific_out(*given: Any) -> OutputTypes:
    """These types, whatever the operands are."""
    return lambda *types: given


class OwnScalarOp(ScalarOp):
    """A function of numbers that a program defines; see `UnaryScalarOp`."""

    nin = -1
    nfunc_spec: Any = None
    __props__: tuple[str, ...] = ()

    def __init__(self, output_types_preference: OutputTypes | None = None, name: str | None = None):
        has_text = type(self).c_code is not OwnScalarOp.c_code and not self.c_support_code()
        super().__init__(
            name or type(self).__name__,
            type(self).nin,
            self._on_arrays,
            cost=TRANSCENDENTAL,
            is_called=not has_text,
        )
        if output_types_preference is not None:
            vars(self)["output_types_preference"] = output_types_preference

    def output_types_preference(self, *types: Any) -> Sequence[Any]:
        """The types of the results."""
        return upcast_out(*types)

    def impl(self, *numbers: Any) -> Any:
        """The function, of one number each."""
        raise NotImplementedError(f"{self.name} has no impl, which computes it for numbers")

    def grad(self, inputs: Sequence[Any], output_gradients: Sequence[Any]) -> Sequence[Any]:
        """The terms of the operands, from the gradient of the result; all are tensors."""
        raise NotImplementedError(f"{self.name} has no grad")

    def c_code(self, node: Any, name: str, inputs: Any, outputs: Any, sub: Any) -> str:
        """Statements in C that set ``outputs[0]``."""
        raise NotImplementedError

    def c_support_code(self) -> str:
        """Text that would stand before functions; an op that has some is called back."""
        return ""

    def operand_dtypes(self, given: Sequence[str]) -> tuple[str, ...]:
        return tuple(given)

    def result_dtype(self, operands: Sequence[str]) -> str:
        types = self.output_types_preference(*(TensorType(dtype, ()) for dtype in operands))
        if len(types) != 1:
            raise DtypeError(f"{self.name}: one type of a result is wanted, not {list(types)}")
        return str(types[0].dtype)

    def _on_arrays(self, *operands: Array) -> Array:
        arrays = [np.asarray(x) for x in operands]
        dtype = self.result_dtype([x.dtype.name for x in arrays])
        if self.nfunc_spec is not None:
            module, _, function = self.nfunc_spec[0].rpartition(".")
            return getattr(importlib.import_module(module or "numpy"), function)(*arrays)
        stretched = np.broadcast_arrays(*arrays)
        elements = zip(*(x.flat for x in stretched), strict=True)
        result = np.fromiter((self.impl(*numbers) for numbers in elements), np.dtype(dtype))
        return result.reshape(stretched[0].shape)

    def statements(self, dtypes: Sequence[str], names: Sequence[str], result: str) -> str:
        """The C text, for operands and a result of these names."""
        types = [TensorType(dtype, ()) for dtype in dtypes]
        out = TensorType(self.result_dtype(dtypes), ())
        text = self.c_code(_Node(types, [out]), self.name, list(names), [result], {"fail": ";"})
        return re.sub(r"\bnpy_(\w+)\b", lambda m: _C_NAMES.get(m[1], m[0]), text)

    def key(self) -> Any:
        """None: its name does not tell its text, which may be another in the next process."""
        return None

    def _identity(self) -> tuple[Any, ...]:
        preference = self.__dict__.get("output_types_preference")
        return (type(self), self.name, preference, *(getattr(self, p) for p in self.__props__))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OwnScalarOp) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def __reduce__(self) -> Any:
        return _made_again, (type(self), {k: v for k, v in vars(self).items() if k != "compute"})


def _made_again(cls: type[OwnScalarOp], state: dict[str, Any]) -> OwnScalarOp:
    op = cls.__new__(cls)
    op.__dict__.update(state, compute=op._on_arrays)
    return op


class UnaryScalarOp(OwnScalarOp):
    """A function of one number that a program defines, for use in `Elementwise`.

    A subclass has ``impl(self, x)``, which computes it for one number, or ``nfunc_spec``, whose
    first part names a function of arrays (``"scipy.special.erf"``). For derivatives it has
    ``grad(self, inputs, output_gradients)`` or ``L_op(self, inputs, outputs, output_gradients)``.
    For machine code, in which it is fused with what is around it, it has ``c_code(self, node, name,
    inputs, outputs, sub)``: statements that set ``outputs[0]``; without them compiled functions
    call ``impl``. Functions of C's mathematics are known in them (``exp``), headers are not.

    Equal ones are computed once: those of one class, name and ``output_types_preference`` whose
    attributes named in ``__props__`` are equal.

    Parameters
    ----------
    output_types_preference : callable, optional
        From the types of the operands to a tuple of that of the result: `upgrade_to_float`,
        `same_out` (the default), `specific_out(...)`; a method of this name serves too.
    name : str, optional
    """

    nin = 1


class BinaryScalarOp(OwnScalarOp):
    """A function of two numbers that a program defines; see `UnaryScalarOp`."""

    nin = 2


class _Node:
    """What `c_code` sees of a node: the types of its operands and of its result."""

    def __init__(self, inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> None:
        self.inputs, self.outputs = [t() for t in inputs], [t() for t in outputs]


_C_NAMES = {
    "float32": "float", "float64": "double", "bool": "uint8_t",
    **{f"{u}int{n}": f"{u}int{n}_t" for u in ("", "u") for n in (8, 16, 32, 64)},
}  # fmt: skip
