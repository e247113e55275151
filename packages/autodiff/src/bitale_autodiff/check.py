"""Hold symbolic derivatives against numerical ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from bitale_graph import language as T
from bitale_graph.extend import Mode, TensorType, Variable, function
from bitale_graph.extend import dtype as dtypes

from .errors import GradientError
from .grad import grad

Array = np.ndarray[Any, Any]

# The step of a one-sided difference, and the errors that are accepted. A difference over a step h
# is off by about h |f''| / 2 + 2 eps |f| / h; both are near 1e-3 |f| at h = 3e-4 in float32.
STEPS = {"float16": 1e-1, "float32": 3e-4, "float64": 1e-7}
TOLERANCES = {"float16": 5e-2, "float32": 1e-2, "float64": 1e-4}
_BY_WIDTH = ("float16", "float32", "float64")


class numeric_grad:  # noqa: N801 (Theano's name; it reads as a function where it is used)
    """The derivatives of a function of arrays, by one-sided differences.

    Parameters
    ----------
    f : callable
        Takes the arrays of ``pt``, and gives a number.
    pt : array, or list of arrays
        Where to differentiate; floats. It is not written to.
    eps : float, optional
        The step; by default 1e-7, 3e-4 or 1e-1 for float64, float32 and float16, by the narrowest
        dtype among ``pt`` and ``out_type``.
    out_type : str, optional
        The dtype that ``f`` computes in, where it is narrower than those of ``pt``.

    Attributes
    ----------
    gf : array, or list of arrays
        The derivatives, of the shapes and dtypes of ``pt`` and in its form.

    Raises
    ------
    TypeError
        If ``pt`` holds anything but floats.

    Examples
    --------
    >>> numeric_grad(lambda x: (x**2).sum(), np.array([1.0, 2.0])).gf.round(5)
    array([2., 4.])
    """

    def __init__(
        self,
        f: Callable[..., Any],
        pt: Any,
        eps: float | None = None,
        out_type: str | None = None,
    ) -> None:
        self._single = not isinstance(pt, (list, tuple))
        points = _float_arrays([pt] if self._single else pt)
        step = STEPS[_narrowest(points, out_type)] if eps is None else eps
        before = np.array(f(*points), dtype="float64")
        if before.ndim != 0:
            raise TypeError(f"numeric_grad: f must give a number, and gave shape {before.shape}")
        found = [np.zeros_like(p) for p in points]
        for i, p in enumerate(points):
            for at in np.ndindex(p.shape):
                moved = [q.copy() if i == j else q for j, q in enumerate(points)]
                moved[i][at] += step
                # What was added in the end, after rounding, rather than what was meant to be.
                added = float(moved[i][at]) - float(p[at])
                found[i][at] = (np.array(f(*moved), dtype="float64") - before) / added
        self.gf: Any = found[0] if self._single else found

    def _derivatives(self) -> list[Array]:
        return [self.gf] if self._single else self.gf

    @staticmethod
    def abs_rel_err(a: Any, b: Any) -> tuple[Any, Any]:
        """``|a - b|``, and ``|a - b| / (|a| + |b|)``, element by element."""
        a, b = np.asarray(a, dtype="float64"), np.asarray(b, dtype="float64")
        with np.errstate(invalid="ignore"):
            absolute = np.abs(a - b)
            return absolute, absolute / np.maximum(np.abs(a) + np.abs(b), 1e-8)

    def abs_rel_errors(self, g_pt: Sequence[Array]) -> list[tuple[Array, Array]]:
        """Absolute and relative errors of derivatives, against the numerical ones.

        Raises
        ------
        ValueError
            If numbers or shapes differ.
        """
        numeric = self._derivatives()
        if self._single and isinstance(g_pt, np.ndarray):
            g_pt = [g_pt]
        if len(g_pt) != len(numeric):
            raise ValueError(f"there are {len(numeric)} derivatives, and {len(g_pt)} were given")
        for i, (g, n) in enumerate(zip(g_pt, numeric, strict=True)):
            if np.shape(g) != n.shape:
                raise ValueError(f"derivative {i} has shape {np.shape(g)}, its input {n.shape}")
        return [self.abs_rel_err(g, n) for g, n in zip(g_pt, numeric, strict=True)]

    def max_err(
        self, g_pt: Sequence[Array], abs_tol: float, rel_tol: float
    ) -> tuple[int, int, float, float]:
        """Find the element that is furthest out of both tolerances.

        Parameters
        ----------
        g_pt : sequence of arrays
            The derivatives to judge, of the shapes of ``pt``.
        abs_tol, rel_tol : float
            What is accepted; an element is wrong if it is out of both.

        Returns
        -------
        tuple
            The number of the input, the position in it (flat), the absolute and the relative error.
        """
        worst = (0, 0, 0.0, 0.0)
        largest = -1.0
        for i, (absolute, relative) in enumerate(self.abs_rel_errors(g_pt)):
            if absolute.size == 0:
                continue
            excess = np.minimum(absolute / abs_tol, relative / rel_tol).ravel()
            excess[np.isnan(excess)] = np.inf
            at = int(np.argmax(excess))
            if excess[at] > largest:
                largest = float(excess[at])
                worst = (i, at, float(absolute.flat[at]), float(relative.flat[at]))
        return worst


def verify_grad(
    fun: Callable[..., Any],
    pt: Sequence[Any],
    n_tests: int = 2,
    rng: Any = None,
    eps: float | None = None,
    out_type: str | None = None,
    abs_tol: float | None = None,
    rel_tol: float | None = None,
    mode: Mode | str | None = None,
    cast_to_output_type: bool = False,
    no_debug_ref: bool = True,
) -> None:
    """Compare symbolic derivatives of an expression with numerical ones.

    The output is projected to a number along random positive directions, so that one derivative
    tells of the whole Jacobian.

    Parameters
    ----------
    fun : callable
        Takes a variable for each array of ``pt``, and gives one tensor. An `Op` will do.
    pt : list of arrays
        Where to differentiate; floats. Keep away from kinks and jumps.
    n_tests : int
        The number of directions.
    rng : numpy.random.Generator or RandomState, optional
        Where directions come from; by default a generator with a fixed seed.
    eps, abs_tol, rel_tol : float, optional
        The step of the differences, and the errors that are accepted: an element is wrong if it is
        out of both. By default 1e-7 and 1e-4 for float64, 3e-4 and 1e-2 for float32, 1e-1 and 5e-2
        for float16.
    out_type : str, optional
        The dtype to take these from, where the output is narrower than the inputs.
    mode : Mode or str, optional
        How functions are compiled.
    cast_to_output_type : bool
        Cast the direction to the dtype of the output, rather than to float64.
    no_debug_ref : bool
        Accepted for Theano's sake; the differences are those of ``mode`` in any case.

    Raises
    ------
    GradientError
        If a derivative is wrong; the message shows both numbers and the inputs.
    TypeError
        If ``pt`` holds anything but floats, or ``fun`` gives several outputs.

    Examples
    --------
    >>> verify_grad(lambda x, y: T.exp(x) * y, [np.array([1.0, 2.0]), np.array([3.0, 4.0])])
    """
    points = _float_arrays(pt)
    generator = np.random.default_rng(20130617) if rng is None else rng
    # Lengths other than 1 are left open, so that the code for unknown lengths is what is tested.
    inputs = [
        TensorType(p.dtype.name, [n == 1 for n in p.shape])(f"input {i}")
        for i, p in enumerate(points)
    ]
    output = fun(*inputs)
    if not isinstance(output, Variable) or not isinstance(output.type, TensorType):
        raise TypeError(f"verify_grad: the function must give one tensor, and gave {output!r}")
    narrow = _narrowest(points, out_type)
    # A float64 sum of rounded outputs is what the numerical derivative needs most.
    wide = output.type.dtype if cast_to_output_type else "float64"
    direction = TensorType(wide, output.type.shape)("direction")
    cost = T.sum(direction * output)
    derivatives = grad(cost, inputs, disconnected_inputs="ignore")
    options: dict[str, Any] = {"mode": mode, "on_unused_input": "ignore"}
    compute = function(inputs, output, **options)
    compute_cost = function([direction, *inputs], cost, **options)
    compute_derivatives = function([direction, *inputs], derivatives, **options)
    shape = compute(*points).shape
    for test in range(n_tests):
        along = np.asarray(generator.random(shape) + 0.5, dtype=wide)

        def projected(*arrays: Array, along: Array = along) -> Any:
            return compute_cost(along, *arrays)

        numeric = numeric_grad(projected, points, eps, out_type)
        symbolic = compute_derivatives(along, *points)
        tolerances = (
            TOLERANCES[narrow] if abs_tol is None else abs_tol,
            TOLERANCES[narrow] if rel_tol is None else rel_tol,
        )
        _judge(numeric, symbolic, points, tolerances, test)


def _judge(
    numeric: numeric_grad,
    symbolic: list[Array],
    points: list[Array],
    tolerances: tuple[float, float],
    test: int,
) -> None:
    """Raise `GradientError` if the worst element is out of both tolerances; NaN is."""
    abs_tol, rel_tol = tolerances
    i, at, absolute, relative = numeric.max_err(symbolic, abs_tol, rel_tol)
    if absolute <= abs_tol or relative <= rel_tol:
        return
    raise GradientError(
        arg=i,
        err_pos=at,
        shape=points[i].shape,
        val1=float(symbolic[i].flat[at]),
        val2=float(numeric.gf[i].flat[at]),
        abs_err=absolute,
        rel_err=relative,
        abs_tol=abs_tol,
        rel_tol=rel_tol,
        inputs=points,
        test=test,
    )


def _float_arrays(pt: Any) -> list[Array]:
    if not isinstance(pt, (list, tuple)):
        raise TypeError(f"expected a list of arrays, and got {type(pt).__name__}")
    arrays = [np.array(p) for p in pt]
    for i, p in enumerate(arrays):
        if not dtypes.is_float(p.dtype.name):
            raise TypeError(
                f"numerical derivatives are taken of floats, and input {i} has dtype {p.dtype}; "
                "close over integer arguments instead: lambda x: f(x, indices)"
            )
    return arrays


def _narrowest(points: Sequence[Array], out_type: str | None) -> str:
    names = [p.dtype.name for p in points] + ([] if out_type is None else [dtypes.check(out_type)])
    found = [name for name in _BY_WIDTH if name in names]
    return found[0] if found else "float64"
