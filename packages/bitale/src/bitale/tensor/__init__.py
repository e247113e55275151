"""The tensor language: constructors of variables, functions of them, derivatives, networks."""

from typing import TYPE_CHECKING

# First, so that `var` and `sort` become the functions, and not the modules of these names.
from . import sort as _sort  # noqa: F401
from .var import TensorConstant as TensorConstant
from .var import TensorVariable as TensorVariable

# isort: split
from bitale_autodiff import Lop as Lop
from bitale_autodiff import Rop as Rop
from bitale_autodiff import consider_constant as consider_constant
from bitale_autodiff import grad as grad
from bitale_autodiff import hessian as hessian
from bitale_autodiff import jacobian as jacobian
from bitale_autodiff import numeric_grad as numeric_grad
from bitale_autodiff import verify_grad as verify_grad
from bitale_graph import Variable as Variable
from bitale_graph.extend import Argmax as Argmax
from bitale_graph.extend import SpecifyShape as SpecifyShape
from bitale_graph.language import *  # noqa: F403 (a name of the language is listed once, there)
from bitale_graph.language import as_tensor_variable as _as_tensor_variable  # noqa: F401 (Theano has it)
from bitale_graph.op_classes import Default as Default
from bitale_graph.op_classes import MaxAndArgmax as MaxAndArgmax
from bitale_graph.op_classes import ScalarFromTensor as ScalarFromTensor
from bitale_graph.op_classes import Shape as Shape
from bitale_graph.op_classes import Shape_i as Shape_i
from bitale_graph.op_classes import TensorFromScalar as TensorFromScalar

from . import basic as basic
from . import blas as blas
from . import elemwise as elemwise
from . import extra_ops as extra_ops
from . import opt as opt
from . import sharedvar as sharedvar
from . import subtensor as subtensor
from . import type as type
from . import type_other as type_other
from . import utils as utils
from .elemwise import CAReduce as CAReduce
from .elemwise import DimShuffle as DimShuffle
from .elemwise import Elemwise as Elemwise
from .sharedvar import TensorSharedVariable as TensorSharedVariable
from .subtensor import AdvancedIncSubtensor as AdvancedIncSubtensor
from .subtensor import AdvancedIncSubtensor1 as AdvancedIncSubtensor1
from .subtensor import AdvancedSubtensor as AdvancedSubtensor
from .subtensor import AdvancedSubtensor1 as AdvancedSubtensor1
from .subtensor import IncSubtensor as IncSubtensor
from .subtensor import Subtensor as Subtensor

# Last, so that `xlogx` becomes the module, as in Theano, and not the function in it.
from .xlogx import xlogy0 as xlogy0

if TYPE_CHECKING:
    from typing import Any

    from . import fft as fft
    from . import io as io
    from . import linalg as linalg
    from . import nlinalg as nlinalg
    from . import nnet as nnet
    from . import raw_random as raw_random
    from . import shared_randomstreams as shared_randomstreams
    from . import signal as signal
    from . import slinalg as slinalg

    def __getattr__(name: str) -> Any:
        """The constructors: ``matrix``, ``fvector``, ``dmatrices`` and the like."""

else:
    from .._lazy import submodules as _submodules

    _LATE = (
        *("fft", "io", "linalg", "nlinalg", "nnet"),
        *("raw_random", "shared_randomstreams", "signal", "slinalg"),
    )
    __getattr__ = _submodules(__name__, _LATE)
