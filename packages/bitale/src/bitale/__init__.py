"""bitale: write a tensor expression, ask for its derivatives, run it as machine code.

This package holds names only, in Theano's shape; the work is done by the layers under it.
"""

from typing import TYPE_CHECKING

from bitale_autodiff import Lop as Lop
from bitale_autodiff import Rop as Rop
from bitale_autodiff import grad as grad
from bitale_autodiff import sparse_grad as sparse_grad
from bitale_autodiff import subgraph_grad as subgraph_grad
from bitale_graph import Apply as Apply
from bitale_graph import Constant as Constant
from bitale_graph import Function as Function
from bitale_graph import FunctionGraph as FunctionGraph
from bitale_graph import In as In
from bitale_graph import Mode as Mode
from bitale_graph import Op as Op
from bitale_graph import OpFromGraph as OpFromGraph
from bitale_graph import OrderedUpdates as OrderedUpdates
from bitale_graph import Out as Out
from bitale_graph import SharedVariable as SharedVariable
from bitale_graph import Type as Type
from bitale_graph import Variable as Variable
from bitale_graph import carry_scan as carry_scan
from bitale_graph import config as config
from bitale_graph import debugprint as debugprint
from bitale_graph import foldl as foldl
from bitale_graph import foldr as foldr
from bitale_graph import function as function
from bitale_graph import map as map
from bitale_graph import pp as pp
from bitale_graph import reduce as reduce
from bitale_graph import scan as scan
from bitale_graph import scan_checkpoints as scan_checkpoints
from bitale_graph import shared as shared
from bitale_graph.extend import FunctionMaker as FunctionMaker
from bitale_graph.extend import Generic as Generic
from bitale_graph.extend import as_op as as_op
from bitale_graph.extend import function_dump as function_dump
from bitale_graph.extend import generic as generic
from bitale_graph.extend import pprint as pprint
from bitale_graph.extend import predefined_modes as predefined_modes
from bitale_graph.extend import wrap_py as wrap_py
from bitale_graph.graphs import clone_replace as clone_replace
from bitale_graph.graphs import get_scalar_constant_value as get_scalar_constant_value
from bitale_graph.graphs import graph_replace as graph_replace
from bitale_graph.language import dot as dot

from . import compile as compile
from . import gradient as gradient
from . import graph as graph
from . import ifelse as ifelse
from . import printing as printing
from . import raise_op as raise_op
from . import scalar as scalar
from . import scan_module as scan_module
from . import scan_utils as scan_utils
from . import tensor as tensor
from . import updates as updates

change_flags = config.change_flags
clone = clone_replace

__version__ = "0.1.0"

if TYPE_CHECKING:
    from bitale_graph.drawing import draw as draw
    from bitale_graph.health import doctor as doctor
    from bitale_graph.profiling import ProfileStats as ProfileStats

    from . import d3viz as d3viz
    from . import misc as misc
    from . import sandbox as sandbox
    from . import sparse as sparse
    from . import theano as theano
    from . import typed_list as typed_list
else:
    from ._lazy import submodules as _submodules

    __getattr__ = _submodules(
        __name__,
        ("d3viz", "misc", "sandbox", "sparse", "theano", "typed_list"),
        {
            "ProfileStats": "bitale_graph.profiling",
            "doctor": "bitale_graph.health",
            "draw": "bitale_graph.drawing",
        },
    )
