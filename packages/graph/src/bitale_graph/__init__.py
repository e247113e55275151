"""bitale-graph.

The tensor language, the graphs it builds, and a linker that runs them with NumPy.
"""

from .base.config import change_flags as change_flags
from .base.config import config as config
from .base.rules import RuleTable as RuleTable
from .compile.arguments import In as In
from .compile.arguments import Out as Out
from .compile.function import Function as Function
from .compile.function import function as function
from .compile.mode import Mode as Mode
from .core.function_graph import FunctionGraph as FunctionGraph
from .core.graph import Apply as Apply
from .core.graph import Constant as Constant
from .core.graph import Op as Op
from .core.graph import Type as Type
from .core.graph import Variable as Variable
from .core.tree import debugprint as debugprint
from .debug.formula import pp as pp
from .debug.watching import Print as Print
from .ops.assertion import Assert as Assert
from .ops.assertion import assert_op as assert_op
from .ops.from_graph import OpFromGraph as OpFromGraph
from .ops.ifelse import IfElse as IfElse
from .ops.ifelse import ifelse as ifelse
from .ops.loop import Loop as Loop
from .ops.python_function import as_op as as_op
from .recurrence import OrderedUpdates as OrderedUpdates
from .recurrence import carry_scan as carry_scan
from .recurrence import foldl as foldl
from .recurrence import foldr as foldr
from .recurrence import map as map
from .recurrence import reduce as reduce
from .recurrence import scan as scan
from .recurrence import scan_checkpoints as scan_checkpoints
from .recurrence import until as until
from .tensor.conversion import as_tensor as as_tensor
from .tensor.conversion import constant as constant
from .tensor.elementwise import Elementwise as Elementwise
from .tensor.shared import SharedVariable as SharedVariable
from .tensor.shared import shared as shared
from .tensor.variable import TensorConstant as TensorConstant
from .tensor.variable import TensorType as TensorType
from .tensor.variable import TensorVariable as TensorVariable

__version__ = "0.1.0"

config.check_given()
