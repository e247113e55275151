"""An op of one's own, from nothing to tested: the running maximum of each row of a matrix.

docs/own_op.md tells of each part, and of what happens without it.
"""

import bitale
import bitale.tensor as T
import numpy as np
from bitale_graph.extend import Apply, Op, TensorType
from bitale_graph.testing import check_op


class RunningMaximum(Op):
    """The largest number of a row so far, and where it stands (the last of equal ones)."""

    __props__ = ()  # names of the attributes that tell one such op from another

    def make_node(self, x):
        x = T.as_tensor_variable(x)
        if x.ndim != 2 or x.dtype not in ("float32", "float64"):
            raise TypeError(f"a running maximum is taken of a matrix of floats, and got {x.type}")
        return Apply(self, [x], [x.type(), TensorType("int64", x.type.shape)()])

    def perform(self, node, inputs, output_storage):
        (x,) = inputs
        y = np.maximum.accumulate(x, axis=1)
        found = np.where((x == y) | np.isnan(x), np.arange(x.shape[1]), 0)
        output_storage[0][0] = y
        output_storage[1][0] = np.maximum.accumulate(found, axis=1)

    def infer_shape(self, node, input_shapes):
        return [input_shapes[0], input_shapes[0]]

    def L_op(self, inputs, outputs, output_gradients):
        (x,) = inputs
        rows = T.arange(x.shape[0]).dimshuffle(0, "x")
        return [T.inc_subtensor(T.zeros_like(x)[rows, outputs[1]], output_gradients[0])]

    def R_op(self, inputs, eval_points):
        rows = T.arange(inputs[0].shape[0]).dimshuffle(0, "x")
        return [eval_points[0][rows, self(*inputs)[1]], None]

    def c_code(self, node):
        return """
for (int64_t i = 0; i < x0_n[0]; i++) {
    const x0_t *row = x0 + i * x0_s[0];
    x0_t best = 0;
    int64_t where = 0;
    for (int64_t j = 0; j < x0_n[1]; j++) {
        const x0_t v = row[j * x0_s[1]];
        if (j == 0 || v >= best || v != v) best = v, where = j;
        y0[i * y0_n[1] + j] = best;
        y1[i * y1_n[1] + j] = where;
    }
}"""

    def c_code_cache_version(self):
        return (1,)


running_maximum = RunningMaximum()

SAMPLES = [
    [np.array([[3.0, 1.0, 4.0, 1.5, 9.0], [2.0, 7.0, 1.0, 8.0, 2.5]])],
    [np.array([[0.5], [-1.0]], dtype="float32")],
    [np.zeros((0, 3))],
    [np.zeros((2, 0))],
]


def main():
    """Test the op, then use it: of a wandering price, how far it is below its highest so far."""
    check_op(running_maximum, SAMPLES)
    print("the op passes its checks")
    price = T.dmatrix("price")
    loss = running_maximum(price)[0] - price
    f = bitale.function([price], [loss.max(axis=1), T.grad(loss.sum(), price)])
    deepest, gradient = f([[1.0, 3.0, 2.0, 5.0, 1.0]])
    print(f"deepest loss {deepest[0]}, its gradient {gradient[0].tolist()}")


if __name__ == "__main__":
    main()
