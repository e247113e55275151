import numpy as np
import pytest
from bitale_graph import language as T
from bitale_graph import scan
from bitale_graph.texts import latex

x, y = T.dmatrix("x"), T.dmatrix("y")
v, s = T.dvector("v"), T.dscalar("s")


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        (x + y, "x + y"),
        (x - (y - x), r"x - \left(y - x\right)"),
        ((x + y) * s, r"\left(x + y\right) \cdot s"),
        (x * y, r"x \odot y"),
        (x / (x + 1), r"\frac{x}{x + 1}"),
        (-x * y, r"\left(-x\right) \odot y"),
        ((x + 1) ** 2, r"{\left(x + 1\right)}^{2}"),
        ((x**2) ** s, r"{\left({x}^{2}\right)}^{s}"),
        (T.exp(-x), "e^{-x}"),
        (T.sqrt(x), r"\sqrt{x}"),
        (T.log1p(x), r"\log\left(1 + x\right)"),
        (abs(x), r"\left|x\right|"),
        (T.sigmoid(x), r"\sigma\left(x\right)"),
        (T.maximum(x, 0), r"\max\left(x, 0\right)"),
        (T.erf(x), r"\operatorname{erf}\left(x\right)"),
        (x < y, r"x \lt y"),
        (T.floor(s), r"\left\lfloor s \right\rfloor"),
        (
            T.switch(x > y, x, y),
            r"\begin{cases} x & \text{if } x \gt y \\ y & \text{otherwise} \end{cases}",
        ),
        (T.dot(x, y.T), r"x \, {y}^{\top}"),
        (T.dot(x, y + x), r"x \, \left(y + x\right)"),
        (x.sum(), r"\sum x"),
        (x.sum(axis=0) + 1, r"\sum_{0} x + 1"),
        ((x + y).sum() * s, r"\left(\sum \left(x + y\right)\right) \cdot s"),
        (x.max(axis=1), r"\max_{1}\left(x\right)"),
        (x[0, 1:], "{x}_{0, 1:}"),
        (x + v, "x + v"),
        (T.cast(x, "float32"), "x"),
        (T.stack([s, 2.0]), r"\left[s, 2\right]"),
        (T.dscalar("w_h2") + T.dscalar("b1"), r"w_{\mathrm{h2}} + b_{1}"),
        (T.dscalar("theta") * T.dscalar("Omega_0"), r"\theta \cdot \Omega_{0}"),
        (T.dscalar("weights"), r"\mathrm{weights}"),
        (s * 1e-30, r"s \cdot \left(1 \times 10^{-30}\right)"),
        (s - np.inf, r"s - \infty"),
        (s * np.nan, r"s \cdot \mathrm{NaN}"),
        (s + (2 - 3j), r"s + 2 - 3 i"),
        (x + np.ones((1, 2)), "x + 1"),
        (v + np.arange(2.0), r"v + \mathrm{array}_{2}"),
        (T.dscalar(), r"\langle\mathrm{TensorType(float64,\ scalar)}\rangle"),
    ],
    ids=str,
)
def test_expressions(expression, wanted):
    assert latex(expression) == wanted


def test_names_that_mean_something_to_tex_are_escaped():
    assert latex(T.dscalar("$a_{b}^#%&\\~<i>\n")) == (
        r"\mathrm{\$a\_\{b\}\wedge \#\%\&\backslash \sim \lt i\gt \ }"
    )
    assert latex(T.dscalar("n" * 100)).endswith(r"n\ldots}")


def test_ops_with_several_outputs_and_graphs_inside():
    a, _ = T.max_and_argmax(x, axis=1)
    total = scan(lambda row, t: t + row, v, 0.0, name="sums")[0]
    assert latex(total[-1]).startswith(r"{\operatorname{Scan}\left(")
    assert latex(a.owner.outputs[0])


def test_long_texts_keep_what_is_short():
    u = x
    for _ in range(100):
        u = u + u
    assert latex(u * s, max_length=40).endswith(r"\cdot s")
    assert r"\ldots" in latex(u, max_length=40)
    with pytest.raises(TypeError, match="latex writes variables, not 3"):
        latex(3)


def test_deep_graphs():
    u = x
    for _ in range(10_000):
        u = T.exp(u)
    assert len(latex(u)) <= 4_000


def test_what_matplotlib_reads():
    mathtext = pytest.importorskip("matplotlib.mathtext")
    parser = mathtext.MathTextParser("path")
    for u in (x / (x + 1), T.exp(-x), x.sum(axis=0), T.dot(x, y.T), T.dscalar("a $_{b"), x[0, 1:]):
        assert parser.parse(f"${latex(u)}$").width > 0
