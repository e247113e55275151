"""What Theano kept for Python 2, by the names of Python 3."""

from collections import OrderedDict as OrderedDict
from collections.abc import Callable as Callable
from collections.abc import Iterable as Iterable
from collections.abc import Mapping as Mapping
from collections.abc import MutableSet as MutableSet
from collections.abc import ValuesView as ValuesView

PY3 = True
