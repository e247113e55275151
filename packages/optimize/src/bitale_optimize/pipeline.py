"""The passes in the order in which they run; each line says why it stands there."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from bitale_graph.extend import ConfigError, FunctionGraph, config

from .engine.fixed_point import PassFunction, RewriteWarning, to_fixed_point
from .engine.phases import PHASES, canonical, specialize, stability
from .engine.rewrite import OVERFLOWS, Changes, RewriteContext, Rule
from .passes.fold_constants import fold_constants
from .passes.fuse_loops import fuse_loops
from .passes.inline import inline
from .passes.keep_checks import keep_checks, note_checks
from .passes.lazy import lazy
from .passes.merge import merge
from .passes.remove_identities import remove_identities
from .passes.rewrite_bodies import rewrite_bodies
from .passes.rewrite_scans import rewrite_scans
from .passes.sparse_matrices import sparse_matrices
from .rules import (  # noqa: F401 (each puts its rules into the phases)
    arithmetic,
    assertion,
    crossentropy,
    diagonal,
    elementwise,
    fill,
    ifelse,
    indexing,
    join,
    masks,
    matrix_product,
    power,
    product,
    product_parts,
    reduction,
    scan_fills,
    scan_invariants,
    scan_outputs,
    scan_reads,
    scan_sequences,
    scan_sums,
    scan_unused,
    shape,
    sigmoid,
    softmax,
    sparse_update,
    stable_logarithm,
    sum,
)
from .rules.blas import blas
from .rules.scan_units import units


@dataclass(frozen=True)
class Pass:
    """One step of the pipeline.

    Parameters
    ----------
    name : str
        By which it is left out.
    run : callable
        Takes the graph and a `RewriteContext`.
    always : bool
        Whether it runs under ``optimizer="fast_compile"`` too.
    tags : tuple of str
        Other names by which it is left out.
    default : bool
        Whether it runs without being included by name.
    """

    name: str
    run: PassFunction
    always: bool = False
    tags: tuple[str, ...] = ()
    default: bool = True

    @property
    def rules(self) -> list[Rule]:
        """The rules that the pass applies; empty for a pass that is one algorithm."""
        return [rule for rules in getattr(self.run, "rule_sets", ()) for rule in rules]

    @property
    def purpose(self) -> str:
        """What the pass is for, in one line."""
        return (self.run.__doc__ or "").split("\n")[0]


def _simplify(graph: FunctionGraph, context: RewriteContext) -> None:
    _run(SIMPLIFYING, graph, context)


def _finish(graph: FunctionGraph, context: RewriteContext) -> None:
    _run(FINISHING, graph, context)


SIMPLIFYING = (
    # Before all: what is hidden in an op is the user's own, and is met by every pass.
    Pass("inline", inline, always=True),
    # First: what only differentiation reads would hide equal expressions from merge, and patterns
    # from rules.
    Pass("remove_identities", remove_identities, always=True),
    # Every later match then sees fewer nodes, and the same expression as the same variable.
    Pass("merge", merge, always=True),
    # What both branches of a choice compute is one variable now, and stays outside of them.
    Pass("lazy", lazy, always=True),
    # What is computed for sure stands here; rules have not dropped any of it yet.
    Pass("note_checks", note_checks),
    # One spelling, so that the rules after it need one pattern.
    Pass("canonical", to_fixed_point(canonical)),
    # What has become equal; stability looks for a variable that occurs twice.
    Pass("merge", merge),
    # Equal places are one variable now; what vectors are made into has all the rest to come.
    Pass("sparse", sparse_matrices),
    # Equal lengths are one variable now, so that loops over the same steps are known. What moves
    # out of bodies has the rules below to come.
    Pass("scan", rewrite_scans(_simplify)),
    # Before folding: log(1 + exp(1000)) folded is inf. Canonical again, for what stable forms leave
    # to tidy up.
    Pass("stability", to_fixed_point(canonical, stability)),
    Pass("fold", fold_constants, tags=("constant_folding",)),
    # Stable forms of one expression, made at several places.
    Pass("merge", merge),
    # After folding, which shows constants; canonical again for x * 1 and the like that folding
    # makes.
    Pass("specialize", to_fixed_point(canonical, specialize)),
    # Loops that read what has become simpler.
    Pass("scan", rewrite_scans(_simplify)),
)
FINISHING = (
    # No rule that comes now drops what is compared, and the numbers that are added fuse.
    Pass("keep_checks", keep_checks),
    # Lengths that are compared once more, and matrices that left a loop.
    Pass("sparse", sparse_matrices),
    # What the passes before have left to one branch alone.
    Pass("lazy", lazy),
    # Sums are in order now, and not hidden in loops yet.
    Pass("blas", to_fixed_point(blas)),
    # What is still a loop will stay one.
    Pass("units", to_fixed_point(units)),
    # Numbers that specialize and blas have put together, and the nodes of them that are equal.
    Pass("fold", fold_constants, tags=("constant_folding",)),
    Pass("merge", merge),
    # No work moves into a body or out of it any more.
    Pass("bodies", rewrite_bodies(_finish)),
    # Last: a loop hides the ops inside from all patterns.
    Pass("fuse", fuse_loops, tags=("fusion",)),
)
PASSES = (*SIMPLIFYING, *FINISHING)
PLACES = ("canonical", "stability", "specialize", "fuse")
"""The passes before which a program may put passes of its own."""
_own: dict[str, list[Pass]] = {place: [] for place in PLACES}


def register_pass(
    name: str,
    run: PassFunction,
    *,
    before: str = "fuse",
    always: bool = False,
    default: bool = True,
) -> None:
    """Add a pass of one's own; it takes effect for what is compiled from now on.

    Parameters
    ----------
    name : str
        By which it is included and left out.
    run : callable
        Takes the graph, which it rewrites in place, and a `RewriteContext`.
    before : str
        The pass before which it runs: ``"canonical"``, ``"stability"``, ``"specialize"``, or
        ``"fuse"``, which is the last.
    always : bool
        Whether it runs under ``optimizer="fast_compile"`` too.
    default : bool
        Whether it runs without being included by name.

    Raises
    ------
    ConfigError
        If there is no such place.
    ValueError
        If there is a pass or a rule of this name.
    """
    if before not in PLACES:
        raise ConfigError(f"passes of one's own run before {', '.join(PLACES)}, not {before!r}")
    if name in names():
        raise ValueError(f"there is a pass or a rule {name!r} already")

    def guarded(graph: FunctionGraph, context: RewriteContext) -> None:
        try:
            run(graph, context)
        except Exception as error:
            if config.on_opt_error == "raise":
                raise
            if config.on_opt_error == "warn":
                told = f"the pass {name!r} failed: {type(error).__name__}: {error}"
                warnings.warn(f"{told}. What it had not done is left", RewriteWarning, stacklevel=2)
        finally:
            context.forget()

    guarded.__doc__ = run.__doc__
    _own[before].append(Pass(name, guarded, always, (), default))


def unregister_pass(name: str) -> None:
    """Take out a pass that was added with `register_pass`.

    Raises `ConfigError` if there is none of this name.
    """
    for passes in _own.values():
        for one in passes:
            if one.name == name:
                passes.remove(one)
                return
    raise ConfigError(f"no pass {name!r} was registered")


def own_passes() -> list[Pass]:
    """The passes that programs have added."""
    return [one for passes in _own.values() for one in passes]


def all_passes(passes: tuple[Pass, ...] = PASSES) -> Iterator[Pass]:
    """Passes in order, with those that programs have added."""
    for one in passes:
        yield from _own.get(one.name, ())
        yield one


def selected(context: RewriteContext, passes: tuple[Pass, ...] = PASSES) -> Iterator[Pass]:
    """The passes that a mode asks for."""
    for one in all_passes(passes):
        is_wanted = one.always or context.mode.optimizer != "fast_compile"
        is_included = not context.mode.include.isdisjoint((one.name, *one.tags))
        # Of sets of rules each rule is asked.
        asks_rules = one.always or hasattr(one.run, "rule_sets")
        has_required = asks_rules or context.has_required(one.name, *one.tags)
        is_active = context.is_active(one.name, *one.tags, default=one.default)
        if (is_wanted or is_included) and is_active and has_required:
            yield one


def load_linear_algebra() -> None:
    """Put the rules of linear algebra, which most programs do without, into the phases."""
    from .rules import linear_algebra  # noqa: F401


def names() -> set[str]:
    """All that a mode can include or leave out: passes, rules, sets of rules, and tags."""
    load_linear_algebra()
    known = {change.value for change in Changes if change is not Changes.NOTHING}
    known.update(("merge_scans", OVERFLOWS))
    for one in all_passes():
        known.update((one.name, *one.tags))
        for rules in getattr(one.run, "rule_sets", ()):
            known.add(rules.name)
            known.update(rule.name for rule in rules)
    for rules in PHASES.values():
        known.update(rule.name for rule in rules)
    return known


def exact_rules() -> set[str]:
    """The names of rules that may change nothing."""
    load_linear_algebra()
    sets = [*PHASES.values(), *(s for one in PASSES for s in getattr(one.run, "rule_sets", ()))]
    kinds: dict[str, set[Changes]] = {}
    for rule in (rule for rules in sets for rule in rules):
        kinds.setdefault(rule.name, set()).add(rule.changes)
        if rule.overflows:
            kinds[rule.name].add(Changes.DOMAIN)
    return {name for name, changes in kinds.items() if changes == {Changes.NOTHING}}


def run(graph: FunctionGraph, context: RewriteContext) -> None:
    """Run the passes on a graph."""
    if "bitale_graph.linalg" in sys.modules:
        load_linear_algebra()
    _run(PASSES, graph, context)


def _run(passes: tuple[Pass, ...], graph: FunctionGraph, context: RewriteContext) -> None:
    for one in selected(context, passes):
        context.phase = one.name
        one.run(graph, context)
        if graph.features:
            graph.execute_callbacks("on_pass", one.name, one.purpose)
