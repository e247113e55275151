"""Running programs in all ways, and telling which results no right program could give."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import bitale
import numpy as np
from bitale_graph.compile.mode import Mode
from bitale_graph.compile.numpy_linker import NumpyLinker
from bitale_graph.extend import Scan, ShapeError

from .evaluate import OtherRoundings, Values, WideValues, is_sparse_value

if TYPE_CHECKING:
    from .program import Built, Program

AS_WRITTEN = Mode("numpy", "None")
FAST_RUN = Mode("c")
FAST_COMPILE = Mode("c", "fast_compile")
# The first call; other numbers in other layouts; and in other shapes.
TURNS = (0, 1, 2)


def domain_rules(with_accuracy: bool = False) -> list[str]:
    """Names of the rules after which an error or a NaN may be gone."""
    from bitale_optimize import Changes
    from bitale_optimize.engine.phases import PHASES

    kinds = [Changes.DOMAIN, *([Changes.ACCURACY] if with_accuracy else [])]
    return [r.name for rules in PHASES.values() for r in rules if r.changes in kinds]


@dataclass(frozen=True)
class Way:
    """A way to run a program."""

    name: str
    mode: Mode


WAYS = {
    "as written": Way("as written", AS_WRITTEN),
    "rewritten, NumPy": Way("rewritten, NumPy", Mode("numpy")),
    "FAST_COMPILE": Way("FAST_COMPILE", Mode("numpy", "fast_compile")),
    "FAST_RUN": Way("FAST_RUN", FAST_RUN),
    "FAST_COMPILE, C": Way("FAST_COMPILE, C", FAST_COMPILE),
}
# Ways without a compiler: each takes what the way beside it has rewritten, where that runs, too.
ON_NUMPY = {"rewritten, NumPy": "FAST_RUN", "FAST_COMPILE": "FAST_COMPILE, C"}


def run_on_device(device: str) -> None:
    """Let a device take the place of C."""
    for name in ("FAST_RUN", "FAST_COMPILE, C"):
        WAYS[name] = Way(name, Mode("auto", WAYS[name].mode.optimizer, device=device))


@dataclass
class Mismatch:
    """A result that is not right."""

    program: Program
    way: str
    what: str

    def __str__(self) -> str:
        return f"[{self.way}] {self.what}"


class Reference:
    """What a program may give on the arrays of one turn.

    Raises what the program raises as it is written.
    """

    def __init__(self, built: Built, turn: int = 0) -> None:
        self.built = built
        state = [
            np.array(x, v.type.dtype) for x, v in zip(built.state(turn), built.shared, strict=True)
        ]
        self.state = state
        self.arrays = built.arrays(turn)
        arrays = [v.type.filter(x) for x, v in zip(self.arrays, built.inputs, strict=True)]
        self.given = dict(zip([*built.inputs, *built.shared], [*arrays, *state], strict=True))
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            self.found = Values(self.given)
            self.values = [np.array(x) for x in self.found.find(built.results)]
        self.samples: dict[int, list[Any]] = {}

    @functools.cached_property
    def _widened(self) -> tuple[list[Any], bool]:
        """Wide values, and whether numbers have left even that range; most calls need neither."""
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            wide = WideValues({v: x.astype(_wide(x)) for v, x in self.given.items()})
            try:
                found = [
                    np.asarray(x).astype(np.asarray(y).dtype)
                    for x, y in zip(wide.find(self.built.results), self.values, strict=True)
                ]
            except Exception:  # noqa: BLE001 (an op without a wide meaning, or another branch that raises)
                return self.values, False
            return found, wide.overflowed

    def more(self, k: int, count: int, size: float = 2.0) -> None:
        """Find what further right programs give as a result."""
        rng = np.random.default_rng([k, len(self.samples.get(k, ()))])
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            for _ in range(count):
                try:
                    (found,) = OtherRoundings(self.given, rng, size).find([self.built.results[k]])
                except (AssertionError, IndexError, ValueError):  # rounding decides what holds
                    continue
                self.samples.setdefault(k, []).append(found)

    def difference(self, k: int, got: Any) -> str:
        """Tell how a result is wrong; empty if it is right.

        What is right at once costs no other roundings; the further off it is, the more are asked.
        """
        expected = self.values[k]
        if not isinstance(got, np.ndarray):
            return f"result {k} is no array: {got!r:.60}"
        if got.dtype != expected.dtype:
            return f"result {k} has the dtype {got.dtype}, not {expected.dtype}"
        if got.shape == expected.shape:
            with np.errstate(all="ignore"):
                near = _same(got, expected)
                if expected.dtype.kind in "fc" and not near.all():
                    near |= _close(got, expected, 0)
            if near.all():
                return ""
        told = ""
        for count, size, scale in ((3, 2.0, 8.0), (10, 3.0, 30.0), (30, 3.0, 30.0)):
            self.more(k, count, size)
            told = self._told(k, got, scale)
            if not told:
                break
        return told

    def _told(self, k: int, got: Any, scale: float) -> str:
        expected, true, overflowed = self.values[k], self._widened[0][k], self._widened[1]
        samples = self.samples.get(k, [])
        if any(s.shape != expected.shape for s in samples):
            return ""  # rounding decides the shape
        if got.shape != expected.shape:
            return f"result {k} has the shape {got.shape}, not {expected.shape}"
        with np.errstate(all="ignore"):
            right = _same(got, expected)
            if expected.dtype.kind == "c":  # which of the parts overflows is left open
                right |= ~np.isfinite(got) & ~np.isfinite(expected)
            if true.shape == expected.shape:
                right |= _same(got, true)
            if overflowed and expected.dtype.kind in "fc":
                right |= ~np.isfinite(expected) | (expected == 0)  # left open
            if right.all():
                return ""
            if samples:
                stack = np.stack(samples)
                right |= ~_same(stack, expected[None]).all(0) & self._unstable(stack, expected)
                if expected.dtype.kind in "fc":
                    right |= self._near(got, stack, expected, true, scale)
        if right.all():
            return ""
        at = tuple(int(i) for i in np.argwhere(~right)[0])
        wide = true[at] if true.shape == expected.shape else "none"
        others = ", ".join(str(s[at]) for s in samples[:3])
        return (
            f"result {k} has {got[at]!r} at {at}, not {expected[at]!r} "
            f"(wide {wide}, other roundings {others})"
        )

    @staticmethod
    def _unstable(stack: Any, expected: Any) -> Any:
        """Where rounding decides what kind of number comes out."""
        if expected.dtype.kind not in "fc":
            return (stack != expected[None]).any(0)
        finite = np.isfinite(stack)
        kinds = (finite != np.isfinite(expected)[None]).any(0)
        if expected.dtype.kind == "f":
            largest = np.abs(stack).max(0)
            kinds |= np.abs(stack - expected[None]).max(0) > 0.25 * largest  # nothing is left of it
            odd = ~np.isfinite(expected)
            kinds |= odd & ~_same(stack, expected[None]).all(0)
        return kinds

    @staticmethod
    def _near(got: Any, stack: Any, expected: Any, true: Any, scale: float) -> Any:
        spread = np.nan_to_num(np.abs(stack - expected[None]).max(0), nan=0, posinf=0)
        near = _close(got, expected, scale * spread)
        if true.shape == expected.shape:
            near |= _close(got, true, scale * spread)
        return near


def _wide(x: Any) -> Any:
    return {"f": np.longdouble, "c": np.clongdouble}.get(x.dtype.kind, x.dtype)


def _real(x: Any) -> Any:
    return x.real.dtype


def _close(got: Any, right: Any, off: Any) -> Any:
    unit = np.spacing(np.abs(right).astype(_real(right)))
    return (np.abs(got - right) <= off + 8 * unit) & np.isfinite(got)


def _same(x: Any, y: Any) -> Any:
    same = x == y
    if x.dtype.kind in "fc":
        same = same | (np.isnan(x) & np.isnan(y))
    return same


class Batch:
    """Programs that run as one function in every way."""

    def __init__(self, programs: Sequence[Program]) -> None:
        self.built = [p.build() for p in programs]
        self.inputs = [v for b in self.built for v in b.inputs]
        self.outputs = [v for b in self.built for v in b.outputs]
        self.updates = [u for b in self.built for u in b.updates]
        self.shared = [v for b in self.built for v in b.shared]

    def functions(self, names: Sequence[str]) -> Iterator[tuple[str, Any]]:
        """The functions; that on NumPy shares the rewritten graph of FAST_RUN."""
        rewritten: dict[str, Any] = {}
        for name in sorted(names, key=lambda name: name in ON_NUMPY):
            if ON_NUMPY.get(name) in rewritten:
                yield name, NumpyLinker().link(rewritten[ON_NUMPY[name]])
                continue
            f = bitale.function(
                self.inputs,
                self.outputs,
                updates=self.updates,
                mode=WAYS[name].mode,
                on_unused_input="ignore",
            )
            rewritten[name] = f.maker
            yield name, f.executable

    def references(self, turn: int) -> list[Reference]:
        """Right results; of a later turn those of the first where the program then raises."""
        found = []
        for b in self.built:
            try:
                found.append(Reference(b, turn))
            except Exception:
                if turn == 0:
                    raise
                found.append(Reference(b, 0))
        return found

    def compare(
        self, names: Sequence[str] = tuple(WAYS), turns: Sequence[int] = TURNS
    ) -> list[Mismatch]:
        """Run all programs and compare."""
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.filterwarnings("ignore", ".*no kernel is known", UserWarning)
            return self._compare(names, turns)

    def _compare(self, names: Sequence[str], turns: Sequence[int]) -> list[Mismatch]:
        taken = {turn: self.references(turn) for turn in turns}
        found: list[Mismatch] = []
        for name, run in self.functions(names):
            kept: list[tuple[Any, Any]] = []
            for turn, references in taken.items():
                found += self._call(name, run, turn, references, kept)
            if any(not _same(x, y).all() for x, y in kept):
                found.append(
                    Mismatch(self.built[0].program, name, "a result changed in a later call")
                )
        return found

    def _call(
        self, name: str, run: Any, turn: int, references: list[Reference], kept: list[Any]
    ) -> list[Mismatch]:
        found = []
        arrays = []
        for b, r in zip(self.built, references, strict=True):
            arrays.append(r.arrays)
            for v, x in zip(b.shared, r.state, strict=True):
                v.set_value(x)
        flat = [x for group in arrays for x in group]
        before = [x.copy() for x in flat]
        results = run(tuple(flat))
        position = 0
        for b, r in zip(self.built, references, strict=True):
            own = results[position : position + len(b.outputs)]
            position += len(b.outputs)
            kept += [(x, x.copy()) for x in own]
            new = [target.get_value() for target, _ in b.updates]
            for k, x in enumerate([*own, *new]):
                if told := r.difference(k, x):
                    found.append(Mismatch(b.program, name, f"turn {turn}: {told}"))
            fixed = {v for v, _ in b.updates}
            for v, x in zip(b.shared, r.state, strict=True):
                if v not in fixed and not _same(v.get_value(), x).all():
                    found.append(Mismatch(b.program, name, f"shared {v} was changed"))
        for x, old in zip(flat, before, strict=True):
            if not _same(x, old).all():
                found.append(Mismatch(self.built[0].program, name, "an input was written to"))
        return found


def check(program: Program, names: Sequence[str] = tuple(WAYS)) -> list[Mismatch]:
    """Run one program alone, and compare; errors too."""
    built = program.build()
    try:
        Reference(built)
    except Exception as error:  # noqa: BLE001 (the program is about it)
        return _check_error(program, names, error)
    found: list[Mismatch] = []
    for name in names:
        try:
            found += Batch([program]).compare([name])
        except Exception as error:  # noqa: BLE001 (the finding)
            found.append(Mismatch(program, name, f"raised {type(error).__name__}: {error!s:.300}"))
    return found


def _check_error(program: Program, names: Sequence[str], error: Exception) -> list[Mismatch]:
    found = []
    for name in names:
        built = program.build()
        try:
            warnings.simplefilter("ignore")
            f = bitale.function(
                built.inputs, built.outputs, updates=built.updates, mode=WAYS[name].mode,
                on_unused_input="ignore",
            )  # fmt: skip
            got = f(*built.arrays())
        except Exception as other:  # noqa: BLE001 (compared)
            if not _is_same_fault(error, other):
                found.append(
                    Mismatch(
                        program,
                        name,
                        f"raised {type(other).__name__} ({other!s:.200}), not "
                        f"{type(error).__name__} ({error!s:.200})",
                    )
                )
            continue
        if name in ("FAST_RUN", "rewritten, NumPy") and _strict_raises(built, error):
            continue  # a rule that may drop errors did
        found.append(
            Mismatch(
                program,
                name,
                f"gave {got!r:.200}, and must raise {type(error).__name__} ({error!s:.200})",
            )
        )
    return found


def _is_same_fault(error: Exception, other: Exception) -> bool:
    """Whether two errors may be of one call: where it has two faults, either may be met first."""
    if isinstance(other, type(error)) or isinstance(error, type(other)):
        return True
    return all(isinstance(e, (IndexError, ShapeError)) for e in (error, other))


def _strict_raises(built: Built, error: Exception) -> bool:
    try:
        f = bitale.function(
            built.inputs,
            built.outputs,
            updates=built.updates,
            mode=Mode("numpy").excluding(*domain_rules()),
            on_unused_input="ignore",
        )
        f(*built.arrays())
    except type(error):
        return True
    except Exception:  # noqa: BLE001 (another error is none of these)
        return False
    return False


def excused(mismatch: Mismatch) -> bool:
    """Whether a rule that may drop a NaN or an infinity explains a result of rewritten NumPy.

    Stable forms may, too: that what is computed on the way overflows is what they are for. And
    of lengths that contradict each other in the step of a loop, any may stand, or be refused, where
    it makes none.
    """
    built = mismatch.program.build()
    told = mismatch.what
    of_shapes = told.startswith("raised ShapeError") or " has the shape " in told
    if of_shapes and _has_idle_loop(built):
        return True
    if mismatch.way != "rewritten, NumPy" or "turn" not in mismatch.what:
        return False
    # A number near 0 that a stable form keeps is true, and 0 is not.
    odd = any(v.type.dtype == "bool" for v in built.results)
    for turn in TURNS:
        try:
            reference = Reference(built, turn)
        except Exception:  # noqa: BLE001 (other numbers, other indices)
            continue
        odd |= any(
            not np.isfinite(x.data if is_sparse_value(x) else x).all()
            for x in reference.found.known.values()
        )
    if not odd:
        return False
    WAYS["strict"] = Way("strict", Mode("numpy").excluding(*domain_rules(with_accuracy=True)))
    try:
        return not check(mismatch.program, ["strict"])
    finally:
        del WAYS["strict"]


def _has_idle_loop(built: Built) -> bool:
    """Whether a loop of a program makes no step."""
    known = Reference(built).found.known
    steps = [v.owner.inputs[0] for v in known if v.owner and isinstance(v.owner.op, Scan)]
    return any(v in known and known[v] == 0 for v in steps)
