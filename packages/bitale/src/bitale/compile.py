"""Functions, how they are made, and the state that they share."""

from bitale_graph.compile.function import Function as Function
from bitale_graph.compile.function import In as In
from bitale_graph.compile.function import Out as Out
from bitale_graph.compile.function import function as function
from bitale_graph.compile.maker import FunctionMaker as FunctionMaker
from bitale_graph.compile.mode import Mode as Mode
from bitale_graph.compile.mode import get_default_mode as get_default_mode
from bitale_graph.compile.mode import get_mode as get_mode
from bitale_graph.compile.mode import predefined_modes as predefined_modes
from bitale_graph.compile.mode import register_mode as register_mode
from bitale_graph.tensor.shared import SharedVariable as SharedVariable
from bitale_graph.tensor.shared import shared as shared
from bitale_graph.tensor.shared import shared_constructor as shared_constructor
