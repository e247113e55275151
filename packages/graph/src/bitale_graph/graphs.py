"""What can be done with graphs: walks, copies, comparison, constants, shapes and texts of them."""

from .base.errors import CachedConstantError as CachedConstantError
from .base.errors import InconsistencyError as InconsistencyError
from .base.errors import MissingInputError as MissingInputError
from .core.copying import clone as clone
from .core.copying import clone_get_equiv as clone_get_equiv
from .core.copying import clone_replace as clone_replace
from .core.copying import graph_replace as graph_replace
from .core.features import AlreadyThere as AlreadyThere
from .core.features import Bookkeeper as Bookkeeper
from .core.features import Feature as Feature
from .core.features import History as History
from .core.features import NodeFinder as NodeFinder
from .core.features import PreserveNames as PreserveNames
from .core.features import PreserveVariableAttributes as PreserveVariableAttributes
from .core.features import PrintListener as PrintListener
from .core.features import ReplacementDidNotRemoveError as ReplacementDidNotRemoveError
from .core.features import ReplaceValidate as ReplaceValidate
from .core.features import Validator as Validator
from .core.function_graph import FunctionGraph as FunctionGraph
from .core.graph import Apply as Apply
from .core.graph import Constant as Constant
from .core.graph import Variable as Variable
from .core.inner_graphs import map_variables as map_variables
from .core.same import equal_computations as equal_computations
from .core.same import is_same_graph as is_same_graph
from .core.walks import ancestors as ancestors
from .core.walks import general_toposort as general_toposort
from .core.walks import inputs as inputs
from .core.walks import io_toposort as io_toposort
from .core.walks import is_in_ancestors as is_in_ancestors
from .core.walks import list_of_nodes as list_of_nodes
from .core.walks import ops as ops
from .core.walks import orphans as orphans
from .core.walks import stack_search as stack_search
from .core.walks import variables as variables
from .core.walks import variables_and_orphans as variables_and_orphans
from .core.walks import view_roots as view_roots
from .debug.one_line import as_string as as_string
from .debug.one_line import op_as_string as op_as_string
from .ops.constant_value import extract_constant as extract_constant
from .ops.constant_value import get_scalar_constant_value as get_scalar_constant_value
from .ops.lengths import infer_shape as infer_shape
from .ops.lengths import shape_of_variables as shape_of_variables
from .tensor.shared import explicit_graph_inputs as explicit_graph_inputs

graph_inputs = inputs
