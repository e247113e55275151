import numpy as np
import pytest
from bitale_graph.base.errors import ShapeError
from bitale_nnet import (
    GRU,
    LSTM,
    Attention,
    BatchNorm,
    Bidirectional,
    Concat,
    Conv2D,
    ConvTranspose2D,
    Dense,
    Embedding,
    FeedForward,
    Flatten,
    Input,
    LocallyConnected2D,
    MaxPool2D,
    Network,
    Residual,
    Sequential,
    SimpleRNN,
    TransformerBlock,
    summary,
)


def pictures():
    return Sequential(
        [
            Conv2D(4, 3, padding="same", bias=None),
            BatchNorm(),
            MaxPool2D(),
            Residual([Conv2D(4, 3, padding="same", groups=2)]),
            Flatten(),
            Dense(3),
        ]
    )


def test_each_layer_is_a_row():
    table = summary(pictures(), (None, 1, 8, 6), "float32")
    assert [(row.name, row.kind) for row in table.rows] == [
        ("conv2d0", "Conv2D"),
        ("batchnorm1", "BatchNorm"),
        ("maxpool2d2", "MaxPool2D"),
        ("residual3.conv2d0", "Conv2D"),
        ("flatten4", "Flatten"),
        ("dense5", "Dense"),
    ]
    assert [row.parameters for row in table.rows] == [36, 16, 0, 76, 0, 147]
    assert [row.output for row in table.rows][:3] == [(None, 4, 8, 6)] * 2 + [(None, 4, 4, 3)]
    assert [row.memory for row in table.rows][:3] == [4 * (192 + 36), 4 * (192 + 16), 4 * 48]
    assert [row.multiplications for row in table.rows] == [36 * 48, 0, 0, 72 * 12, 0, 144]
    assert (table.parameters, table.trainable) == (275, 267)
    assert table.multiplications == 36 * 48 + 72 * 12 + 144


def test_a_built_layer_need_not_be_told_its_shape():
    network = pictures()
    network.build((None, 1, 8, 6), np.random.default_rng(0), "float64")
    assert summary(network).parameters == network.count()
    assert summary(network).rows[0].memory == 8 * (192 + 36)
    with pytest.raises(ValueError, match="is not built, so tell the shape"):
        summary(network.unbuilt())
    with pytest.raises(ShapeError):
        summary(network, (None, 8))


def test_the_text_is_a_table_with_sums():
    lines = str(summary(pictures(), (None, 1, 8, 6), "float32")).splitlines()
    assert lines[0].split() == ["layer", "output", "parameters", "memory", "multiplications"]
    assert len({len(line) for line in lines[:-1]}) == 1
    assert lines[5].split()[:2] == ["residual3.conv2d0", "(Conv2D)"]
    assert lines[-2].split() == ["all", "275", "3.1", "KiB", "2,736"]
    assert lines[-1].endswith("; 8 of the parameters are not trainable")


def test_names_are_escaped_in_html():
    table = summary(Sequential([Dense(2, name="<b>&")]), (None, 3))
    text = table._repr_html_()
    assert "&lt;b&gt;&amp; (Dense)" in text
    assert "<b>" not in text
    assert text.count("<tr>") == 3


def test_what_is_not_known_is_said():
    table = summary(Sequential([Embedding(5, 2), GRU(3)]), (None, None))
    assert table.rows[0].memory is None
    assert table.multiplications is None
    assert "?" in str(table)


def test_a_layer_that_is_called_twice_holds_its_parameters_once():
    a, b = Input("a"), Input("b")
    layer = Dense(4)
    network = Network((a, b), [Concat()((layer(a), layer(b))), layer(a)])
    table = summary(network, ((None, 3), (None, 3)))
    assert [row.parameters for row in table.rows if row.kind == "Dense"] == [16, 0, 0]
    assert table.parameters == 16
    assert table.multiplications == 36


def test_one_layer_is_a_table_too():
    assert str(summary(Dense(2), (None, 3), "float64")).splitlines()[2].startswith("Dense  (None")
    assert summary(Dense(2, name="last"), (None, 3)).rows[0].name == "last"


@pytest.mark.parametrize(
    ("layer", "shape", "count"),
    [
        (Dense(5), (None, 4, 3), 60),
        (SimpleRNN(5), (None, 7, 3), 7 * (15 + 25)),
        (LSTM(5), (None, 7, 3), 28 * (15 + 25)),
        (Bidirectional(GRU(5)), (None, 7, 3), 2 * 21 * (15 + 25)),
        (ConvTranspose2D(4, 3), (None, 2, 5, 6), 30 * 2 * 4 * 9),
        (LocallyConnected2D(4, 3), (None, 2, 5, 6), 12 * 2 * 4 * 9),
        (Attention(2), (None, 3, 4), 3 * 4 * 16 + 2 * 9 * 4),
        (FeedForward(), (None, 3, 4), 3 * 2 * 64),
        (TransformerBlock(2), (None, 3, 4), 3 * 4 * 16 + 2 * 9 * 4 + 3 * 2 * 64),
    ],
    ids=map(str, range(9)),
)
def test_multiplications_are_those_of_matrix_products(layer, shape, count):
    assert layer.multiplications(shape) == count
    assert summary(layer, shape).multiplications == count
