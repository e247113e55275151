"""Derivatives that are sparse matrices, or by sparse matrices."""

from __future__ import annotations

from typing import Any

from bitale_graph import language as T
from bitale_graph import sparse as S
from bitale_graph.extend import TensorType

from ...conjugates import is_complex
from ...table import Kind, kinds
from ...walker import cotangent_dtype


class _Sparse(Kind):
    def zeros(self, v: Any) -> Any:
        return S.cast(S.sp_zeros_like(v), cotangent_dtype(v))

    def added(self, one: Any, other: Any) -> Any:
        if S.is_sparse(one) and S.is_sparse(other) and S.have_same_places(one, other):
            # SciPy would add up what is stored twice at a place.
            data, *places = one.owner.inputs
            return one.owner.op(data + other.owner.inputs[0], *places)
        return S.add(one, other)

    def fitted(self, v: Any, term: Any) -> Any:
        dtype = cotangent_dtype(v)
        if is_complex(term) and not is_complex(v):
            term = _real(term)
        if not S.is_sparse(term):
            is_matrix = isinstance(term.type, TensorType) and term.ndim == 2
            return T.cast(term, dtype) if is_matrix else None
        if v.type.ndim != 2:
            return None
        return S.cast(S.as_format(term, v.format) if S.is_sparse(v) else term, dtype)

    def conjugate(self, ct: Any) -> Any:
        return S.conj(ct)

    def passed(self, v: Any, ct: Any) -> Any:
        if S.is_sparse(v):
            return ct if S.is_sparse(ct) else S.SparseFromDense(v.format)(ct)
        return S.dense_from_sparse(ct, structured=False)


def _real(term: Any) -> Any:
    if not S.is_sparse(term):
        return T.real(term)
    return S.with_data(term, T.real(S.csm_data(term)))


kinds.define(S.SparseType)(_Sparse())
