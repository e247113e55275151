import os
import pickle

import numpy as np
import pytest
from bitale_autodiff import grad
from bitale_graph import function
from bitale_graph import language as T

# Read when SciPy is first imported: without it scikit-learn leaves one of its checks out.
os.environ.setdefault("SCIPY_ARRAY_API", "1")
FAST = "FAST_COMPILE"


@pytest.fixture
def rng():
    return np.random.default_rng(11)


def _agree(found, told):
    """Whether a shape is one that was told, with None for lengths that were not known."""
    return len(found) == len(told) and all(n in (m, None) for m, n in zip(found, told, strict=True))


class LayerCheck:
    """Holds a layer against NumPy: its shape rule, values, derivatives, copies and dtypes."""

    def __init__(self, rng):
        self.rng = rng

    def __call__(self, layer, shape, wanted, *, draw=None, smooth=True, mode=FAST, **given):
        """Check a layer at inputs of a shape; ``wanted`` is a function of values and an array.

        Parameters
        ----------
        draw : callable, optional
            From a shape to an array; by default normal numbers.
        smooth : bool
            Whether derivatives are held against differences.
        """
        several = bool(shape) and isinstance(shape[0], tuple)
        shapes = list(shape) if several else [shape]
        arrays = [(draw or self.rng.normal)(size=s) for s in shapes]
        inputs = [T.tensor(str(a.dtype), (None,) * a.ndim) for a in arrays]
        x, open_shapes = tuple(inputs), tuple((None, *s[1:]) for s in shapes)
        if not several:
            x, (open_shapes,) = inputs[0], open_shapes
        told = layer.build(open_shapes, self.rng, "float64")
        self._move_parameters(layer)
        values, output = layer.get_values(), layer(x, **given)
        assert layer.count() == sum(v.size for v in values.values())
        assert type(layer).__name__ in repr(layer)
        found = function(inputs, output, mode=mode)(*arrays)
        expected = wanted(values, *arrays)
        assert found.shape == expected.shape == tuple(layer.output_shape(shape))
        assert _agree(found.shape, told)
        assert np.allclose(found, expected, rtol=1e-9, atol=1e-11)
        for twin in (layer.unbuilt(), pickle.loads(pickle.dumps(layer))):
            if not twin.is_built:
                twin.build(open_shapes, dtype="float64")
                twin.set_values(values)
            assert np.array_equal(function(inputs, twin(x, **given), mode=mode)(*arrays), found)
        self._keeps_float32(layer, open_shapes, shapes, given)
        if smooth:
            self._derivatives(layer, inputs, arrays, output, mode)

    def _move_parameters(self, layer):
        """Away from zeros and ones, which hide mistakes."""
        values = layer.get_values()
        moved = {name: v + self.rng.uniform(0.2, 0.6, v.shape) for name, v in values.items()}
        layer.set_values(moved)

    def _keeps_float32(self, layer, open_shapes, shapes, given):
        narrow = layer.unbuilt()
        narrow.build(open_shapes, dtype="float32")
        kinds = [layer.input_dtype] if len(shapes) == 1 else [None] * len(shapes)
        inputs = tuple(
            T.tensor("int32" if kind == "int" else "float32", (None,) * len(s))
            for s, kind in zip(shapes, kinds, strict=True)
        )
        assert narrow(inputs[0] if len(inputs) == 1 else inputs, **given).dtype == "float32"

    def _derivatives(self, layer, inputs, arrays, output, mode):
        weights = self.rng.uniform(0.5, 1.5, output.ndim and [1] * output.ndim)
        loss = T.sum(T.sqr(output) * weights + output)
        floats = [i for i in inputs if i.dtype == "float64"]
        parameters = [p for p in layer.parameters() if p in layer.parameters("trainable")]
        f = function(inputs, [loss, *grad(loss, [*floats, *parameters])], mode=mode)
        slopes = f(*arrays)[1:]
        for k, (variable, slope) in enumerate(zip([*floats, *parameters], slopes, strict=True)):
            direction = self.rng.normal(size=slope.shape)
            sides = []
            for sign in (1e-5, -1e-5):
                moved = list(arrays)
                if k < len(floats):
                    place = inputs.index(variable)
                    moved[place] = arrays[place] + sign * direction
                else:
                    before = variable.get_value()
                    variable.set_value(before + sign * direction)
                sides.append(float(f(*moved)[0]))
                if k >= len(floats):
                    variable.set_value(before)
            wanted = (sides[0] - sides[1]) / 2e-5
            assert np.sum(slope * direction) == pytest.approx(wanted, rel=2e-5, abs=1e-6)


@pytest.fixture
def check_layer(rng):
    return LayerCheck(rng)
