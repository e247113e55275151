"""Classes of ops that go element by element, move axes and reduce, by Theano's names."""

from bitale_graph.extend import Dimshuffle as _Dimshuffle
from bitale_graph.extend import Elementwise as _Elementwise
from bitale_graph.extend import Reduce as _Reduce

CAReduce, DimShuffle, Elemwise = _Reduce, _Dimshuffle, _Elementwise
