"""Classes of ops that go element by element, move axes and reduce, by Theano's names."""

from bitale_graph.extend import Elementwise as _Elementwise
from bitale_graph.op_classes import All as All
from bitale_graph.op_classes import AnyTrue as Any
from bitale_graph.op_classes import CAReduce as CAReduce
from bitale_graph.op_classes import DimShuffle as DimShuffle
from bitale_graph.op_classes import Prod as Prod
from bitale_graph.op_classes import Sum as Sum

Elemwise = _Elementwise
ProdWithoutZeros = Prod
__all__ = ["All", "Any", "CAReduce", "DimShuffle", "Elemwise", "Prod", "ProdWithoutZeros", "Sum"]
