"""Functions, how they are made, and the state that they share."""

from bitale_graph import Function as Function
from bitale_graph import In as In
from bitale_graph import Out as Out
from bitale_graph import function as function
from bitale_graph.extend import DeepCopyOp as DeepCopyOp
from bitale_graph.extend import FromFunctionOp as FromFunctionOp
from bitale_graph.extend import FunctionMaker as FunctionMaker
from bitale_graph.extend import Generic as Generic
from bitale_graph.extend import Mode as Mode
from bitale_graph.extend import OpFromGraph as OpFromGraph
from bitale_graph.extend import OutputGuard as OutputGuard
from bitale_graph.extend import PdbBreakpoint as PdbBreakpoint
from bitale_graph.extend import SharedVariable as SharedVariable
from bitale_graph.extend import ViewOp as ViewOp
from bitale_graph.extend import as_op as as_op
from bitale_graph.extend import deep_copy_op as deep_copy_op
from bitale_graph.extend import function_dump as function_dump
from bitale_graph.extend import generic as generic
from bitale_graph.extend import get_default_mode as get_default_mode
from bitale_graph.extend import get_mode as get_mode
from bitale_graph.extend import predefined_modes as predefined_modes
from bitale_graph.extend import register_mode as register_mode
from bitale_graph.extend import shared as shared
from bitale_graph.extend import shared_constructor as shared_constructor
from bitale_graph.extend import view_op as view_op
from bitale_graph.extend import wrap_py as wrap_py
