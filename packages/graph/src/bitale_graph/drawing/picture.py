"""What a picture shows of a graph: boxes and arrows, without places yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..core.function_graph import FunctionGraph
from ..core.graph import Apply, Constant, Variable
from ..core.order import toposort
from ..ops.scan import Scan
from ..tensor.shared import SharedVariable
from .programs import Program, program_of
from .words import constant_text, line_of, op_name, op_text, plain, type_text

DEEPEST = 12
"""How many levels of graphs inside of ops are shown."""
Times = Mapping[Apply, float]


@dataclass
class Box:
    """A node, or a variable that no node computes, or one that leaves the graph.

    Attributes
    ----------
    kind : str
        ``"op"``, ``"loop"`` (fused), ``"graph"`` (a scan or another op that holds graphs),
        ``"input"``, ``"shared"``, ``"constant"``, ``"output"``, ``"update"``, or ``"reference"``:
        what stands for a node that is far away.
    label, note : str
        What stands in it, and in small letters under that.
    key : int
        The same for the same node in several pictures.
    about : dict
        What more is known, by title.
    bodies : list of (str, Picture)
        The graphs inside, each with its title.
    of : int
        Of a reference, and of a repeated input, the place of the box that it stands for; or -1.
    fill : str
        A colour instead of that of the kind.
    """

    kind: str
    label: str
    note: str = ""
    key: int = -1
    about: dict[str, Any] = field(default_factory=dict)
    bodies: list[tuple[str, Picture]] = field(default_factory=list)
    of: int = -1
    fill: str = ""


@dataclass
class Picture:
    """Boxes, and arrows between their places: from, to, and what is written beside."""

    boxes: list[Box] = field(default_factory=list)
    arrows: list[tuple[int, int, str]] = field(default_factory=list)

    def add(self, box: Box) -> int:
        """Add a box; its place."""
        self.boxes.append(box)
        return len(self.boxes) - 1


class Keys:
    """Numbers for nodes and variables, which are kept, so that no other comes to be at their id."""

    def __init__(self) -> None:
        self._known: dict[Any, int] = {}

    def __call__(self, of: Any) -> int:
        """The number of a node or variable."""
        return self._known.setdefault(of, len(self._known))


@dataclass
class Graph:
    """What is drawn: leaves by role, nodes in order, and what becomes of the results.

    ``updates`` tells for outputs, by their places, which leaf they update.
    """

    nodes: list[Apply]
    outputs: list[Variable]
    inputs: list[Variable] = field(default_factory=list)
    shared: set[Variable] = field(default_factory=set)
    updates: dict[int, Variable] = field(default_factory=dict)
    names: dict[Variable, str] = field(default_factory=dict)
    results: list[str] = field(default_factory=list)
    # Of Theano's pictures: variables between ops, places, names without types, colours by class.
    spelled: bool = False
    numbered: bool = False
    only_names: bool = False
    colours: dict[str, str] = field(default_factory=dict)


def graph_of(what: Any, graph: FunctionGraph | None = None) -> Graph:
    """What is drawn of a function, a graph, variables or a node.

    Of a function another ``graph`` may be drawn than the one that it runs.

    Raises
    ------
    TypeError
        For anything else.
    """
    maker = getattr(what, "maker", None)
    if maker is not None:
        found = maker.fgraph if graph is None else graph
        state = found.inputs[len(maker.arguments) :]
        made = Graph(found.toposort(), list(found.outputs), list(found.inputs), set(state))
        made.updates = {maker.n_outputs + k: state[i] for k, i in enumerate(maker.update_targets)}
        return made
    if isinstance(what, FunctionGraph):
        return Graph(what.toposort(), list(what.outputs), list(what.inputs))
    if isinstance(what, Apply):
        what = what.outputs
    outputs = [what] if isinstance(what, Variable) else what
    if not isinstance(outputs, Iterable) or isinstance(outputs, str):
        raise TypeError(
            "a picture is drawn of a function, a FunctionGraph, variables or a node, not of "
            f"{what!r}"
        )
    outputs = list(outputs)
    for v in outputs:
        if not isinstance(v, Variable):
            raise TypeError(f"a picture is drawn of variables, and {v!r} is none")
    return Graph(toposort(outputs), outputs)


def picture_of(
    graph: Graph, keys: Keys | None = None, times: Times | None = None, depth: int = 0
) -> Picture:
    """The boxes and arrows of a graph, and of the graphs inside of its ops."""
    drawing = _Drawing(graph, Keys() if keys is None else keys, times or {}, depth)
    return drawing.picture


class _Drawing:
    def __init__(self, graph: Graph, keys: Keys, times: Times, depth: int) -> None:
        self.graph, self.keys, self.times, self.depth = graph, keys, times, depth
        self.picture = Picture()
        self.places: dict[Variable, int] = {}
        for v in graph.inputs:
            self._leaf(v)
        for place, node in enumerate(graph.nodes):
            self._node(place, node)
        for k, v in enumerate(graph.outputs):
            self._result(k, v)

    def _leaf(self, v: Variable) -> int:
        if v not in self.places:
            kind = "input"
            if isinstance(v, Constant):
                kind = "constant"
            elif isinstance(v, SharedVariable) or v in self.graph.shared:
                kind = "shared"
            name = self.graph.names.get(v) or v.name
            label = constant_text(v) if isinstance(v, Constant) else plain(name or "")
            about = {"type": type_text(v.type), "made at": line_of(v.made_at)}
            box = Box(kind, label or type_text(v.type), "", self.keys(v), about)
            if label and not isinstance(v, Constant) and not self.graph.only_names:
                box.note = type_text(v.type)
            self.places[v] = self.picture.add(box)
        return self.places[v]

    def _node(self, place: int, node: Apply) -> None:
        label = op_name(node.op)
        names = [plain(v.name) for v in node.outputs if v.name is not None]
        if names:
            label = f"{', '.join(names)} = {label}"
        if self.graph.numbered:
            label = f"{place}: {label}"
        note = type_text(node.outputs[0].type) if node.outputs else ""
        if len(node.outputs) > 1:
            note += f" and {len(node.outputs) - 1} more"
        if names and self.graph.only_names:
            note = ""
        about: dict[str, Any] = {
            "op": op_text(node.op),
            "reads": [f"{short_text(v)}: {type_text(v.type)}" for v in node.inputs],
            "gives": [
                f"{plain(v.name or str(k))}: {type_text(v.type)}"
                for k, v in enumerate(node.outputs)
            ],
            "place": place,
            "made at": line_of(node.trace),
        }
        if node in self.times:
            about["time"] = self.times[node]
        box = Box("op", label, note, self.keys(node), about)
        # Their places first, so that arrows go from lower to higher ones.
        sources = [self.places[v] if v in self.places else self._leaf(v) for v in node.inputs]
        if self.depth < DEEPEST:
            self._open(node, box)
        box.fill = self.graph.colours.get(type(node.op).__name__, "")
        at = self.picture.add(box)
        self.picture.arrows += [(a, at, "") for a in dict.fromkeys(sources)]
        for v in node.outputs:
            self.places[v] = at
            if self.graph.spelled:
                text = type_text(v.type)
                place = self.picture.add(Box("variable", plain(v.name or text), "", self.keys(v)))
                self.picture.boxes[place].about = {"type": text}
                self.picture.arrows.append((at, place, ""))
                self.places[v] = place

    def _open(self, node: Apply, box: Box) -> None:
        program = program_of(node)
        if program is not None:
            box.kind = "loop"
            box.bodies = [("one element", program_picture(program))]
        elif node.op.bodies:
            box.kind = "graph"
            for title, inner in inner_graphs(node):
                box.bodies.append((title, picture_of(inner, self.keys, self.times, self.depth + 1)))

    def _result(self, k: int, v: Variable) -> None:
        source = self.places[v] if v in self.places else self._leaf(v)
        target = self.graph.updates.get(k)
        about = {"type": type_text(v.type)}
        if target is not None:
            label = plain(target.name or type_text(target.type))
            box = Box("update", label, "new value", about={**about, "updates": label})
            box.of = self.places[target]
        else:
            given = self.graph.results[k] if k < len(self.graph.results) else ""
            label = given or plain(v.name or f"output {k}")
            box = Box("output", label, type_text(v.type), about=about)
        at = self.picture.add(box)
        self.picture.arrows.append((source, at, "update" if target is not None else ""))


def short_text(v: Variable) -> str:
    """A variable in a few words."""
    if isinstance(v, Constant):
        return constant_text(v)
    if v.name is not None or v.owner is None:
        return plain(v.name or "unnamed")
    index = f".{v.index}" if len(v.owner.outputs) > 1 else ""
    return op_name(v.owner.op) + index


def inner_graphs(node: Apply) -> list[tuple[str, Graph]]:
    """The graphs inside of an op, with titles, and with names for what they read and give."""
    op: Any = node.op
    titles = ["one step" if isinstance(op, Scan) else "inside"]
    if len(op.bodies) > 1:
        titles = [f"graph {k}" for k in range(len(op.bodies))]
    if op.chooses:
        titles = ["if true", "if false"]
    found = []
    for title, body in zip(titles, op.bodies, strict=True):
        # Bodies read what stands last among the inputs of the node.
        outside = node.inputs[len(node.inputs) - len(body.inputs) :]
        inner = Graph(body.graph.toposort(), list(body.outputs), list(body.inputs))
        inner.names = {v: short_text(u) for v, u in zip(body.inputs, outside, strict=True)}
        if isinstance(op, Scan):
            _name_roles(op, inner)
        found.append((title, inner))
    return found


def _name_roles(op: Scan, inner: Graph) -> None:
    roles = op.inner
    for v in roles.sequences:
        inner.names[v] = v.name or f"row of {inner.names[v]}"
    for k, v in enumerate(roles.states):
        inner.names[v] = f"{v.name or f'state {k}'} before"
    after = [f"{plain(v.name or f'state {k}')} after" for k, v in enumerate(roles.states)]
    stacks = [f"row of output {len(after) + k}" for k in range(len(op.keeps))]
    inner.results = [*after, *stacks, *(["stop if"] if op.is_while else [])]


def program_picture(program: Program) -> Picture:
    """What a fused loop does with one element."""
    picture = Picture()
    made: dict[Any, int] = {}
    read = {a for _, args, _ in program.steps for a in args if isinstance(a, int)}
    read.update(value for value, _ in program.results)
    for k, name in enumerate(program.inputs):
        if k in read:
            made[k] = picture.add(Box("input", name, program.notes[k]))
    for k, (label, args, note) in enumerate(program.steps, start=len(program.inputs)):
        sources = []
        for a in args:
            if isinstance(a, int):
                sources.append(made[a])
            else:
                sources.append(picture.add(Box("constant", a)))
        made[k] = picture.add(Box("op", label, note))
        picture.arrows += [(a, made[k], "") for a in dict.fromkeys(sources)]
    for value, name in program.results:
        at = picture.add(Box("output", name))
        picture.arrows.append((made[value], at, ""))
    return picture


def counted(pictures: Sequence[Picture]) -> int:
    """How many boxes there are, those inside of ops as well."""
    count, stack = 0, list(pictures)
    while stack:
        picture = stack.pop()
        count += len(picture.boxes)
        stack.extend(inner for box in picture.boxes for _, inner in box.bodies)
    return count
