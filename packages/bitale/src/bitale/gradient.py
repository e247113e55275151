"""Derivatives, and what goes wrong with them."""

from bitale_autodiff import DisconnectedInputError as DisconnectedInputError
from bitale_autodiff import GradientError as GradientError
from bitale_autodiff import NullTypeGradError as NullTypeGradError
from bitale_autodiff import consider_constant as consider_constant
from bitale_autodiff import disconnected_grad as disconnected_grad
from bitale_autodiff import grad as grad
from bitale_autodiff import grad_clip as grad_clip
from bitale_autodiff import grad_scale as grad_scale
from bitale_autodiff import grad_undefined as grad_undefined
from bitale_autodiff import numeric_grad as numeric_grad
from bitale_autodiff import undefined_grad as undefined_grad
from bitale_autodiff import verify_grad as verify_grad
from bitale_autodiff import zero_grad as zero_grad
