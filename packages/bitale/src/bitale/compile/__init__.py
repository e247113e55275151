"""Functions, how they are made, and the state that they share."""

from typing import TYPE_CHECKING

from bitale_graph import Function as Function
from bitale_graph import In as In
from bitale_graph import Out as Out
from bitale_graph import function as function
from bitale_graph.extend import FAST_COMPILE as FAST_COMPILE
from bitale_graph.extend import FAST_RUN as FAST_RUN
from bitale_graph.extend import BadDestroyMap as BadDestroyMap
from bitale_graph.extend import BadOptimization as BadOptimization
from bitale_graph.extend import BadThunkOutput as BadThunkOutput
from bitale_graph.extend import BadViewMap as BadViewMap
from bitale_graph.extend import DebugMode as DebugMode
from bitale_graph.extend import DebugModeError as DebugModeError
from bitale_graph.extend import DeepCopyOp as DeepCopyOp
from bitale_graph.extend import FromFunctionOp as FromFunctionOp
from bitale_graph.extend import FunctionMaker as FunctionMaker
from bitale_graph.extend import Generic as Generic
from bitale_graph.extend import InvalidValueError as InvalidValueError
from bitale_graph.extend import Mode as Mode
from bitale_graph.extend import MonitorMode as MonitorMode
from bitale_graph.extend import NanGuardMode as NanGuardMode
from bitale_graph.extend import OpFromGraph as OpFromGraph
from bitale_graph.extend import OutputGuard as OutputGuard
from bitale_graph.extend import PdbBreakpoint as PdbBreakpoint
from bitale_graph.extend import SharedVariable as SharedVariable
from bitale_graph.extend import SpecifyShape as SpecifyShape
from bitale_graph.extend import StochasticOrder as StochasticOrder
from bitale_graph.extend import UnusedInputError as UnusedInputError
from bitale_graph.extend import ViewOp as ViewOp
from bitale_graph.extend import as_op as as_op
from bitale_graph.extend import deep_copy_op as deep_copy_op
from bitale_graph.extend import function_dump as function_dump
from bitale_graph.extend import generic as generic
from bitale_graph.extend import get_default_mode as get_default_mode
from bitale_graph.extend import get_mode as get_mode
from bitale_graph.extend import predefined_linkers as predefined_linkers
from bitale_graph.extend import predefined_modes as predefined_modes
from bitale_graph.extend import predefined_optimizers as predefined_optimizers
from bitale_graph.extend import register_linker as register_linker
from bitale_graph.extend import register_mode as register_mode
from bitale_graph.extend import register_optimizer as register_optimizer
from bitale_graph.extend import shared as shared
from bitale_graph.extend import shared_constructor as shared_constructor
from bitale_graph.extend import view_op as view_op
from bitale_graph.extend import wrap_py as wrap_py
from bitale_graph.language import Rebroadcast as Rebroadcast

from .._lazy import submodules as _submodules
from . import debugmode as debugmode
from . import monitormode as monitormode
from . import nanguardmode as nanguardmode

if TYPE_CHECKING:
    from bitale_graph.profiling import ProfileStats as ProfileStats

    from . import profiling as profiling
else:
    # Imported when it is asked for: most programs are not measured.
    __getattr__ = _submodules(__name__, ("profiling",), {"ProfileStats": "bitale_graph.profiling"})
