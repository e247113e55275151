"""Pictures of graphs: what is told apart, what is written, and where things stand."""

import builtins
import itertools
import xml.etree.ElementTree as ET

import bitale_graph as bitale
import numpy as np
import pytest
from bitale_graph import language as T
from bitale_graph.drawing import draw, pydotprint, svg
from bitale_graph.drawing.layers import in_rows
from bitale_graph.drawing.placing import laid_out

NAMESPACE = "{http://www.w3.org/2000/svg}"


def parts(text):
    """Kinds of boxes in order, and all that is written."""
    root = ET.fromstring(text)
    kinds = [r.get("class") for r in root.iter(f"{NAMESPACE}rect") if r.get("class")]
    return kinds, ["".join(t.itertext()) for t in root.iter(f"{NAMESPACE}text")]


def step(n=2):
    w = bitale.shared(np.ones(n), name="w")
    x = T.dvector("x")
    cost = ((w - x) ** 2).sum()
    cost.name = "cost"
    return bitale.function([x], cost, updates=[(w, w - 0.1 * x)])


def test_inputs_outputs_updates_and_constants_are_told_apart():
    kinds, texts = parts(svg(step()))
    assert {"input", "shared", "constant", "output", "update", "op"} <= set(kinds)
    assert kinds.count("output") == 1
    assert "update" in texts
    assert "new value" in texts


def test_hostile_names_are_text_and_no_markup():
    names = ["<script>alert(1)</script>", "\"a' & b\n\x00\ud800", "名前", "x" * 500]
    kinds, texts = parts(svg([T.exp(T.dvector(name)) for name in names]))
    assert kinds.count("input") == 4
    assert names[0] in texts
    assert "\"a' & b \ufffd\ufffd" in texts
    assert max(map(len, texts)) <= 40


def test_the_step_of_a_loop_is_drawn_inside_of_it_when_asked():
    x = T.dvector("x")
    out, _ = bitale.scan(lambda row, before: T.tanh(row + before), x, T.constant(0.0))
    closed, opened = parts(svg(out)), parts(svg(out, opened=True))
    assert "tanh" not in closed[1]
    assert "tanh" in opened[1]
    assert "one step" in opened[1]


@pytest.mark.parametrize("empty", [[], T.dvector("x")], ids=["nothing", "a leaf"])
def test_what_has_no_node_can_be_drawn(empty):
    assert parts(svg(empty)) is not None


def test_what_has_no_graph_is_refused():
    with pytest.raises(TypeError, match="not of 3"):
        svg(3)
    with pytest.raises(TypeError, match="2 is none"):
        svg([2])


def test_arrows_point_down_and_boxes_do_not_overlap():
    rng = np.random.default_rng(1)
    n = 100
    arrows = [(int(rng.integers(max(0, b - 12), b)), b) for b in range(1, n) for _ in range(2)]
    sizes = [(float(rng.integers(30, 200)), 37.0) for _ in range(n)]
    found = laid_out(sizes, arrows)
    assert all(found.y[a] < found.y[b] for a, b in arrows)
    for row in found.rows.rows:
        for a, b in itertools.pairwise(row):
            assert found.x[a] + found.widths[a] / 2 < found.x[b] - found.widths[b] / 2


def test_a_tree_has_no_crossing():
    arrows = [(2 * k + 1 + side, k) for k in range(31) for side in (0, 1)]
    rows = in_rows(63, [(62 - a, 62 - b) for a, b in arrows])
    places = {v: k for row in rows.rows for k, v in enumerate(row)}
    for row in rows.rows:
        ends = [places[w] for v in row for w in rows.below[v]]
        assert ends == sorted(ends)


@pytest.mark.slow
def test_ten_thousand_nodes_deep_are_drawn():
    x = y = T.dvector("x")
    for k in range(5_000):
        y = T.exp(y) + (x if k % 2 else y)
    kinds, _ = parts(svg(y))
    assert kinds.count("op") == 10_000


def test_a_value_read_far_away_is_named_there_in_large_graphs():
    x = T.dvector("x")
    made = [T.exp(x)]
    for _ in range(300):
        made.append(T.sin(made[-1]))
    kinds, _ = parts(svg(sum(reversed(made))))
    assert "reference" in kinds


def test_a_file_in_svg_needs_nothing(tmp_path):
    draw(step(), tmp_path / "f.svg")
    assert parts((tmp_path / "f.svg").read_text(encoding="utf-8"))[0]
    with pytest.raises(ValueError, match="not 'gif'"):
        draw(step(), tmp_path / "f.gif")
    assert not (tmp_path / "f.gif").exists()


def test_png_is_drawn_by_matplotlib(tmp_path):
    pytest.importorskip("matplotlib")
    draw(step(), tmp_path / "f.png")
    assert (tmp_path / "f.png").read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_it_says_what_to_install(tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **keywords):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *args, **keywords)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"pip install 'bitale\[plot\]'"):
        draw(step(), tmp_path / "f.png")


def test_theanos_function_takes_its_settings(tmp_path, capsys):
    x = T.dvector("x")
    y = T.exp(x) * 2.0
    pydotprint(y, tmp_path / "g.svg", with_ids=True, colorCodes={"Elementwise": "#abcdef"})
    text = (tmp_path / "g.svg").read_text(encoding="utf-8")
    assert "g.svg" in capsys.readouterr().out
    assert "0: exp" in parts(text)[1]
    assert text.count("#abcdef") == 2
    picture = pydotprint([y], format="svg", compact=False, return_image=True)
    assert "variable" in parts(picture)[0]
    short = pydotprint(y, format="svg", max_label_size=3, return_image=True)
    assert all(len(t) <= 3 for t in parts(short)[1] if "…" in t)
