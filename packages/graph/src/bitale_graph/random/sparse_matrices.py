"""Random sparse matrices: each variable that is drawn has a state, as those of `RandomStreams`."""

from __future__ import annotations

from typing import Any

from .. import sparse as S
from ..tensor.elementwise import cast
from .streams import RandomStreams


class _Drawing:
    """What draws sparse matrices from streams of its own.

    Parameters
    ----------
    seed : int or sequence of int, optional
        The same seed gives the same numbers; None: from the system.
    """

    def __init__(self, seed: Any = None) -> None:
        self.streams = RandomStreams(seed)


class Poisson(_Drawing):
    """Poisson numbers: called with a sparse matrix of means, it gives one like it.

    Numbers are drawn where means are stored, and those that are zero are not.
    """

    def __call__(self, x: Any) -> Any:
        """A matrix of the format and dtype of ``x``."""
        x = S.as_sparse_variable(x)
        data = self.streams.poisson(lam=S.csm_data(x))
        return S.remove0(S.with_data(x, cast(data, x.dtype)))


class Binomial(_Drawing):
    """Binomial numbers, as a sparse matrix.

    Parameters
    ----------
    format, dtype : str
        Of what is drawn.
    seed : int or sequence of int, optional
    """

    def __init__(self, format: str, dtype: str, seed: Any = None) -> None:
        super().__init__(seed)
        self.type = S.SparseType(format, dtype)

    def __call__(self, n: Any, p: Any, shape: Any) -> Any:
        """How often each of ``n`` trials succeeds with probability ``p``, in a given shape."""
        drawn = self.streams.binomial(size=shape, n=n, p=p, ndim=2)
        return S.SparseFromDense(self.type.format)(cast(drawn, self.type.dtype))


class Multinomial(_Drawing):
    """How often each column is chosen, row by row; zeros are not stored."""

    def __call__(self, n: Any, p: Any) -> Any:
        """Choose ``n`` times (a number, or one for each row) by the probabilities in ``p``.

        Parameters
        ----------
        n : tensor of integers
        p : sparse matrix
            Of which each row sums up to 1.
        """
        p = S.as_sparse_variable(p)
        drawn = self.streams.multinomial(n=n, pvals=p.toarray())
        return S.SparseFromDense(p.format)(cast(drawn, p.dtype))


poisson = Poisson()
csr_fbinomial = Binomial("csr", "float32")
csc_fbinomial = Binomial("csc", "float32")
csr_dbinomial = Binomial("csr", "float64")
csc_dbinomial = Binomial("csc", "float64")
multinomial = Multinomial()
