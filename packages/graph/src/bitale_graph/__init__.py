"""bitale-graph.

The tensor language, the graphs it builds, and a linker that runs them with NumPy.
"""

from .config import change_flags as change_flags
from .config import config as config
from .conversion import as_tensor as as_tensor
from .conversion import constant as constant
from .elementwise import Elementwise as Elementwise
from .function import Function as Function
from .function import In as In
from .function import Out as Out
from .function import function as function
from .function_graph import FunctionGraph as FunctionGraph
from .loop import Loop as Loop
from .mode import Mode as Mode
from .op import Op as Op
from .ops.assertion import Assert as Assert
from .ops.assertion import assert_op as assert_op
from .ops.ifelse import IfElse as IfElse
from .ops.ifelse import ifelse as ifelse
from .printing import debugprint as debugprint
from .printing import pp as pp
from .recurrence import OrderedUpdates as OrderedUpdates
from .recurrence import carry_scan as carry_scan
from .recurrence import foldl as foldl
from .recurrence import foldr as foldr
from .recurrence import map as map
from .recurrence import reduce as reduce
from .recurrence import scan as scan
from .recurrence import scan_checkpoints as scan_checkpoints
from .recurrence import until as until
from .rules import RuleTable as RuleTable
from .shared import SharedVariable as SharedVariable
from .shared import shared as shared
from .tensor import TensorConstant as TensorConstant
from .tensor import TensorVariable as TensorVariable
from .type import TensorType as TensorType
from .type import Type as Type
from .variable import Apply as Apply
from .variable import Constant as Constant
from .variable import Variable as Variable

__version__ = "0.1.0"

config.check_given()
