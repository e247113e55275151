"""Scalar ops by their names, and what a program defines its own with.

``scalar.exp`` is a row of the table, ``scalar.Exp`` its class, ``scalar.float32`` a type of
numbers.
"""

from bitale_graph.scalars import BinaryScalarOp as BinaryScalarOp
from bitale_graph.scalars import Clip as Clip
from bitale_graph.scalars import ComplexError as ComplexError
from bitale_graph.scalars import Composite as Composite
from bitale_graph.scalars import InRange as InRange
from bitale_graph.scalars import Scalar as Scalar
from bitale_graph.scalars import ScalarConstant as ScalarConstant
from bitale_graph.scalars import ScalarOp as ScalarOp
from bitale_graph.scalars import ScalarVariable as ScalarVariable
from bitale_graph.scalars import UnaryScalarOp as UnaryScalarOp
from bitale_graph.scalars import __getattr__ as __getattr__
from bitale_graph.scalars import as_common_dtype as as_common_dtype
from bitale_graph.scalars import as_scalar as as_scalar
from bitale_graph.scalars import cast as cast
from bitale_graph.scalars import clip as clip
from bitale_graph.scalars import complexs as complexs
from bitale_graph.scalars import float_out as float_out
from bitale_graph.scalars import floats as floats
from bitale_graph.scalars import get_scalar_type as get_scalar_type
from bitale_graph.scalars import inclosedrange as inclosedrange
from bitale_graph.scalars import inopenrange as inopenrange
from bitale_graph.scalars import ints as ints
from bitale_graph.scalars import same_out as same_out
from bitale_graph.scalars import specific_out as specific_out
from bitale_graph.scalars import transfer_type as transfer_type
from bitale_graph.scalars import upcast as upcast
from bitale_graph.scalars import upcast_out as upcast_out
from bitale_graph.scalars import upgrade_to_float as upgrade_to_float
