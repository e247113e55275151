"""In which order several tensors are multiplied: which of them next.

An order is a list of places in a list of operands, from which those are taken; what they give is
put at its end. It is that of `numpy.einsum_path`.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import combinations
from math import prod
from typing import Any

Labels = frozenset[Hashable]
Sizes = Mapping[Hashable, int]
Order = list[tuple[int, ...]]
# Up to so many operands all orders are tried: 3**7 pairs of parts take some milliseconds.
EXHAUSTIVE = 7


def contraction_order(
    inputs: Sequence[Iterable[Hashable]],
    output: Iterable[Hashable],
    sizes: Sizes,
    optimize: Any = True,
) -> Order:
    """The order in which operands with these labels are multiplied.

    Parameters
    ----------
    inputs, output : labels
    sizes : mapping
        The length of each label.
    optimize : bool, str or list
        False: from the left. True, ``"greedy"`` or ``"optimal"``: with few multiplications, the
        fewest where the operands are few enough to try all orders; else by opt_einsum where that is
        installed, or by taking next the two that make what is left smallest. A list: the order
        itself, which may begin with ``"einsum_path"``.

    Raises
    ------
    ValueError
        If `optimize` is none of these, or an order that does not fit.
    """
    if isinstance(optimize, (list, tuple)) and optimize:
        first, *rest = optimize
        if not isinstance(first, str) or first == "einsum_path":
            return _checked(rest if isinstance(first, str) else optimize, len(inputs))
        optimize = first  # behind it stands how much memory may be taken
    if optimize is False:
        return _from_the_left(len(inputs))
    if optimize not in (True, None, "greedy", "optimal"):
        raise ValueError(
            f"einsum: optimize is a bool, 'greedy', 'optimal' or an order, and not {optimize!r}"
        )
    terms, wanted = [frozenset(t) for t in inputs], frozenset(output)
    if len(terms) <= EXHAUSTIVE:
        return _best(terms, wanted, sizes)
    if importlib.util.find_spec("opt_einsum") is not None:
        paths: Any = importlib.import_module("opt_einsum.paths")
        return [tuple(places) for places in paths.auto(terms, wanted, dict(sizes))]
    return _greedy(terms, wanted, sizes)


def _from_the_left(count: int) -> Order:
    first: Order = [(0, 1)]
    return [*first, *((0, n) for n in range(count - 2, 0, -1))]


def _checked(order: Sequence[Any], count: int) -> Order:
    found: Order = []
    left = count
    for step in order:
        places = tuple(step) if isinstance(step, (list, tuple)) else ()
        if not places or len(set(places)) != len(places) or not all(0 <= p < left for p in places):
            raise ValueError(f"einsum: {step!r} takes no operands from the {left} that are left")
        found.append(places)
        left -= len(places) - 1
    if left != 1:
        raise ValueError(f"einsum: the order {list(order)} leaves {left} operands")
    return found


def _size(labels: Iterable[Hashable], sizes: Sizes) -> int:
    return prod(sizes[label] for label in labels)


def _left(taken: Labels, others: Iterable[Labels], output: Labels) -> Labels:
    """The labels of a product that something still needs."""
    return taken & output.union(*others)


def _best(terms: list[Labels], output: Labels, sizes: Sizes) -> Order:
    """The order with the fewest multiplications, by way of the best one of every subset."""
    everything = range(len(terms))
    made: dict[frozenset[int], Labels] = {}
    # For each subset what it costs, and the two parts that it is made of.
    best: dict[frozenset[int], tuple[int, tuple[frozenset[int], ...]]] = {}
    for i in everything:
        made[frozenset([i])], best[frozenset([i])] = terms[i], (0, ())
    for count in range(2, len(terms) + 1):
        for chosen in map(frozenset, combinations(everything, count)):
            others = [terms[i] for i in everything if i not in chosen]
            all_of = frozenset[Hashable]().union(*(terms[i] for i in chosen))
            made[chosen] = _left(all_of, others, output)
            first = min(chosen)
            best[chosen] = min(
                (
                    (best[a][0] + best[b][0] + _size(made[a] | made[b], sizes), (a, b))
                    for a, b in _halves(chosen, first)
                ),
                key=lambda cost_and_parts: cost_and_parts[0],
            )
    return _as_order(best, len(terms))


def _halves(chosen: frozenset[int], first: int) -> Iterable[tuple[frozenset[int], frozenset[int]]]:
    """All ways to split a set in two; the first element is in the first part."""
    rest = sorted(chosen - {first})
    for count in range(len(rest)):
        for others in combinations(rest, count):
            part = frozenset([first, *others])
            yield part, chosen - part


def _as_order(best: Mapping[frozenset[int], Any], count: int) -> Order:
    pending = [frozenset(range(count))]
    pairs = []
    while pending:
        chosen = pending.pop()
        parts = best[chosen][1]
        if parts:
            pairs.append(parts)
            pending += parts
    places = [frozenset([i]) for i in range(count)]
    order: Order = []
    for a, b in reversed(pairs):
        order.append((places.index(a), places.index(b)))
        places = [p for p in places if p not in (a, b)] + [a | b]
    return order


def _greedy(terms: list[Labels], output: Labels, sizes: Sizes) -> Order:
    """Take next the two whose product makes what is there smallest, or else costs least."""
    left = list(terms)
    order: Order = []
    while len(left) > 1:

        def cost(pair: tuple[int, int], left: list[Labels] = left) -> tuple[int, int]:
            a, b = (left[p] for p in pair)
            others = [t for p, t in enumerate(left) if p not in pair]
            after = _size(_left(a | b, others, output), sizes)
            return after - _size(a, sizes) - _size(b, sizes), _size(a | b, sizes)

        i, j = min(combinations(range(len(left)), 2), key=cost)
        others = [t for p, t in enumerate(left) if p not in (i, j)]
        left = [*others, _left(left[i] | left[j], others, output)]
        order.append((i, j))
    return order
