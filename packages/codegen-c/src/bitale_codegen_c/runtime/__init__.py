"""The runtime of compiled functions: arguments, buffers, outputs and the call."""

from .runtime import ABI as ABI
from .runtime import DTYPES as DTYPES
from .runtime import Argument as Argument
from .runtime import Callback as Callback
from .runtime import Program as Program
from .runtime import clear_pool as clear_pool
from .runtime import pool_statistics as pool_statistics
from .runtime import set_pool_limit as set_pool_limit
