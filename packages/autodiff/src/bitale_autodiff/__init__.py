"""bitale-autodiff: derivatives of expressions, one rule per op, and a check against numbers."""

from .arguments import format_as as format_as
from .check import numeric_grad as numeric_grad
from .check import verify_grad as verify_grad
from .errors import DisconnectedInputError as DisconnectedInputError
from .errors import GradientError as GradientError
from .errors import NullTypeGradError as NullTypeGradError
from .grad import grad as grad
from .jacobians import hessian as hessian
from .jacobians import hessian_vector_product as hessian_vector_product
from .jacobians import jacobian as jacobian
from .markers import consider_constant as consider_constant
from .markers import disconnected_grad as disconnected_grad
from .markers import grad_clip as grad_clip
from .markers import grad_scale as grad_scale
from .markers import sparse_grad as sparse_grad
from .markers import undefined_grad as undefined_grad
from .markers import zero_grad as zero_grad
from .pattern import io_connection_pattern as io_connection_pattern
from .products import Lop as Lop
from .products import Rop as Rop
from .products import pullback as pullback
from .products import pushforward as pushforward
from .products import value_and_grad as value_and_grad
from .subgraph import subgraph_grad as subgraph_grad
from .table import connections as connections
from .table import jvps as jvps
from .table import scalar_vjps as scalar_vjps
from .table import vjps as vjps
from .zero import ZERO as ZERO
from .zero import DisconnectedType as DisconnectedType
from .zero import NullType as NullType
from .zero import disconnected_type as disconnected_type
from .zero import grad_not_implemented as grad_not_implemented
from .zero import grad_undefined as grad_undefined
from .zero import null_type as null_type

__version__ = "0.1.0"
