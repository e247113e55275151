"""Sums over processes that compute together."""

from .all_reduce import AllReduce as AllReduce
from .all_reduce import Communicator as Communicator
from .all_reduce import all_reduce as all_reduce
