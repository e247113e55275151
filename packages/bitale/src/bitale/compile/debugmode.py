"""The mode that checks ops, rewrites and compiled code, and the errors that name what is wrong."""

from bitale_graph.extend import BadDestroyMap as BadDestroyMap
from bitale_graph.extend import BadOptimization as BadOptimization
from bitale_graph.extend import BadThunkOutput as BadThunkOutput
from bitale_graph.extend import BadViewMap as BadViewMap
from bitale_graph.extend import DebugMode as DebugMode
from bitale_graph.extend import DebugModeError as DebugModeError
from bitale_graph.extend import InvalidValueError as InvalidValueError
from bitale_graph.extend import StochasticOrder as StochasticOrder
