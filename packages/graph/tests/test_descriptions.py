import subprocess
import sys

import numpy as np
import pytest
from bitale_graph import language as T
from bitale_graph.texts import hex_digest, min_informative_str, var_descriptor


def test_names_end_the_walk():
    z = T.dscalar() + T.dscalar()
    z.name = "z"
    assert min_informative_str(2.0 * z) == "A. Elementwise{mul}\n B. TensorConstant{2.0}\n C. z"


def test_what_was_told_is_a_letter():
    x = T.dscalar("x")
    y = 2.0 * x
    assert min_informative_str(T.exp(y) * y, indent_level=2) == (
        "  A. Elementwise{mul}\n   B. Elementwise{exp}\n    C. Elementwise{mul}\n"
        "     D. TensorConstant{2.0}\n     E. x\n   <C>"
    )
    assert min_informative_str(np.zeros(3)) == "A. <ndarray>"
    assert min_informative_str(T.dscalar()) == "A. <TensorType(float64, scalar)>"


def test_a_descriptor_looks_behind_names():
    x = T.dscalar("x")
    y = T.exp(x)
    y.name = "y"
    assert var_descriptor(y * x) == "A=Elementwise{mul}(B=Elementwise{exp}(C=x),<C>)"
    odd = T.dscalar("two\nlines")
    assert var_descriptor(T.exp(odd) + 1).count("\n") == 0
    digest = hex_digest(np.zeros(2)).split("|")[0]
    assert var_descriptor(np.zeros(2)) == f"A=<ndarray:strides=[8],digest={digest}>"


def test_a_descriptor_is_the_same_in_every_process():
    program = (
        "from bitale_graph import language as T, scan\n"
        "from bitale_graph.texts import var_descriptor\n"
        "x = T.dvector('x')\n"
        "print(var_descriptor(scan(lambda e: T.exp(e) + x.sum(), x)[0] + T.dvector()))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    }
    assert len(told) == 1
    assert "0x" not in told.pop()


def test_a_digest_tells_values_shape_and_strides():
    x = np.arange(6.0).reshape(2, 3)
    arrays = [x, x + 1, x.ravel(), np.asfortranarray(x), x[::-1], x[:0]]
    assert len({hex_digest(a) for a in arrays}) == len(arrays)
    assert hex_digest(x).endswith("|strides=[24,8]|shape=[2,3]")
    with pytest.raises(TypeError, match="takes an array, not 3"):
        hex_digest(3)


@pytest.mark.parametrize("describe", [min_informative_str, var_descriptor])
def test_deep_graphs_are_told(describe):
    v = T.dvector("v")
    for _ in range(10_000):
        v = T.exp(v)
    assert len(describe(v)) < 1_000_000
