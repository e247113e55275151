"""Derivatives, and what goes wrong with them."""

from bitale_autodiff import DisconnectedInputError as DisconnectedInputError
from bitale_autodiff import DisconnectedType as DisconnectedType
from bitale_autodiff import GradientError as GradientError
from bitale_autodiff import Lop as Lop
from bitale_autodiff import NullType as NullType
from bitale_autodiff import NullTypeGradError as NullTypeGradError
from bitale_autodiff import Rop as Rop
from bitale_autodiff import consider_constant as consider_constant
from bitale_autodiff import disconnected_grad as disconnected_grad
from bitale_autodiff import disconnected_type as disconnected_type
from bitale_autodiff import format_as as format_as
from bitale_autodiff import grad as grad
from bitale_autodiff import grad_clip as grad_clip
from bitale_autodiff import grad_not_implemented as grad_not_implemented
from bitale_autodiff import grad_scale as grad_scale
from bitale_autodiff import grad_undefined as grad_undefined
from bitale_autodiff import null_type as null_type
from bitale_autodiff import numeric_grad as numeric_grad
from bitale_autodiff import pullback as pullback
from bitale_autodiff import pushforward as pushforward
from bitale_autodiff import undefined_grad as undefined_grad
from bitale_autodiff import value_and_grad as value_and_grad
from bitale_autodiff import verify_grad as verify_grad
from bitale_autodiff import zero_grad as zero_grad
