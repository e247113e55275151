"""Every name of the tensor language in one place.

Constructors of variables, and functions of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .ops.along_axis import inverse_permutation as inverse_permutation
from .ops.along_axis import permute_row_elements as permute_row_elements
from .ops.along_axis import put_along_axis as put_along_axis
from .ops.along_axis import take_along_axis as take_along_axis
from .ops.assertion import specify_shape as specify_shape
from .ops.axes import addbroadcast as addbroadcast
from .ops.axes import shape_padaxis as shape_padaxis
from .ops.axes import shape_padleft as shape_padleft
from .ops.axes import shape_padright as shape_padright
from .ops.axes import squeeze as squeeze
from .ops.axes import swapaxes as swapaxes
from .ops.axes import transpose as transpose
from .ops.contraction import batched_dot as batched_dot
from .ops.contraction import batched_tensordot as batched_tensordot
from .ops.contraction import dot as dot
from .ops.contraction import inner as inner
from .ops.contraction import kron as kron
from .ops.contraction import matrix_dot as matrix_dot
from .ops.contraction import outer as outer
from .ops.contraction import tensordot as tensordot
from .ops.contraction import vdot as vdot
from .ops.creation import alloc as alloc
from .ops.creation import arange as arange
from .ops.creation import eye as eye
from .ops.creation import full as full
from .ops.creation import full_like as full_like
from .ops.creation import identity_like as identity_like
from .ops.creation import ones as ones
from .ops.creation import ones_like as ones_like
from .ops.creation import shape as shape
from .ops.creation import zeros as zeros
from .ops.creation import zeros_like as zeros_like
from .ops.cumulative import cumprod as cumprod
from .ops.cumulative import cumsum as cumsum
from .ops.einsum import einsum as einsum
from .ops.einsum import multi_dot as multi_dot
from .ops.fill_diagonal import fill_diagonal as fill_diagonal
from .ops.fill_diagonal import fill_diagonal_offset as fill_diagonal_offset
from .ops.indexing import inc_subtensor as inc_subtensor
from .ops.indexing import set_subtensor as set_subtensor
from .ops.join import concatenate as concatenate
from .ops.join import horizontal_stack as horizontal_stack
from .ops.join import join as join
from .ops.join import stack as stack
from .ops.join import stacklists as stacklists
from .ops.join import vertical_stack as vertical_stack
from .ops.math import absolute as absolute
from .ops.math import bitwise_and as bitwise_and
from .ops.math import bitwise_not as bitwise_not
from .ops.math import bitwise_or as bitwise_or
from .ops.math import bitwise_xor as bitwise_xor
from .ops.math import cast as cast
from .ops.math import clip as clip
from .ops.math import conjugate as conjugate
from .ops.math import deg2rad as deg2rad
from .ops.math import divmod as divmod
from .ops.math import equal as equal
from .ops.math import fill as fill
from .ops.math import floor_div as floor_div
from .ops.math import greater as greater
from .ops.math import greater_equal as greater_equal
from .ops.math import isclose as isclose
from .ops.math import less as less
from .ops.math import less_equal as less_equal
from .ops.math import not_equal as not_equal
from .ops.math import power as power
from .ops.math import rad2deg as rad2deg
from .ops.math import reciprocal as reciprocal
from .ops.math import round as round
from .ops.math import round_half_away_from_zero as round_half_away_from_zero
from .ops.math import sign as sign
from .ops.math import square as square
from .ops.math import where as where
from .ops.matmul import matmul as matmul
from .ops.matmul import matrix_transpose as matrix_transpose
from .ops.matmul import matvec as matvec
from .ops.matmul import vecdot as vecdot
from .ops.matmul import vecmat as vecmat
from .ops.multi_index import ravel_multi_index as ravel_multi_index
from .ops.multi_index import unravel_index as unravel_index
from .ops.nonzero import argwhere as argwhere
from .ops.nonzero import flatnonzero as flatnonzero
from .ops.nonzero import nonzero as nonzero
from .ops.nonzero import nonzero_values as nonzero_values
from .ops.reduction import all as all
from .ops.reduction import any as any
from .ops.reduction import argmax as argmax
from .ops.reduction import argmin as argmin
from .ops.reduction import max as max
from .ops.reduction import max_and_argmax as max_and_argmax
from .ops.reduction import mean as mean
from .ops.reduction import min as min
from .ops.reduction import nanmax as nanmax
from .ops.reduction import nanmin as nanmin
from .ops.reduction import prod as prod
from .ops.reduction import std as std
from .ops.reduction import sum as sum
from .ops.reduction import var as var
from .ops.reshape import flatten as flatten
from .ops.reshape import reshape as reshape
from .ops.sets import in1d as in1d
from .ops.sets import isin as isin
from .ops.sets import union1d as union1d
from .ops.sets import unique as unique
from .ops.shape import dimshuffle as dimshuffle
from .ops.shape import get_vector_length as get_vector_length
from .ops.shape import shape_i as shape_i
from .ops.softmax import binary_crossentropy as binary_crossentropy
from .ops.softmax import categorical_crossentropy as categorical_crossentropy
from .ops.softmax import log_softmax as log_softmax
from .ops.softmax import softmax as softmax
from .ops.sorting import argpartition as argpartition
from .ops.sorting import argsort as argsort
from .ops.sorting import argtopk as argtopk
from .ops.sorting import lexsort as lexsort
from .ops.sorting import partition as partition
from .ops.sorting import searchsorted as searchsorted
from .ops.sorting import sort as sort
from .ops.sorting import topk as topk
from .ops.sorting import topk_and_argtopk as topk_and_argtopk
from .ops.special import allclose as allclose
from .ops.special import ceil_intdiv as ceil_intdiv
from .ops.special import chi2sf as chi2sf
from .ops.special import complex_from_polar as complex_from_polar
from .ops.special import digamma as digamma
from .ops.special import expit as expit
from .ops.special import factorial as factorial
from .ops.special import float_power as float_power
from .ops.special import gammal as gammal
from .ops.special import gammau as gammau
from .ops.special import heaviside as heaviside
from .ops.special import iround as iround
from .ops.special import isfinite as isfinite
from .ops.special import isneginf as isneginf
from .ops.special import isposinf as isposinf
from .ops.special import k0 as k0
from .ops.special import k1 as k1
from .ops.special import kn as kn
from .ops.special import largest as largest
from .ops.special import log1mexp as log1mexp
from .ops.special import log1pexp as log1pexp
from .ops.special import logit as logit
from .ops.special import logsumexp as logsumexp
from .ops.special import nan_to_num as nan_to_num
from .ops.special import ndtri as ndtri
from .ops.special import signbit as signbit
from .ops.special import sinc as sinc
from .ops.special import smallest as smallest
from .ops.special import xlog1py as xlog1py
from .ops.special import xlogx as xlogx
from .ops.special import xlogy0 as xlogy0
from .ops.statistics import bincount as bincount
from .ops.statistics import digitize as digitize
from .ops.statistics import histogram as histogram
from .ops.statistics import median as median
from .ops.statistics import percentile as percentile
from .ops.statistics import quantile as quantile
from .ops.taking import choose as choose
from .ops.taking import compress as compress
from .ops.taking import take as take
from .ops.transfer import register_transfer as register_transfer
from .ops.transfer import transfer as transfer
from .tensor.constructors import CONSTRUCTORS
from .tensor.constructors import all_dtypes as all_dtypes
from .tensor.constructors import complex_dtypes as complex_dtypes
from .tensor.constructors import continuous_dtypes as continuous_dtypes
from .tensor.constructors import discrete_dtypes as discrete_dtypes
from .tensor.constructors import float_dtypes as float_dtypes
from .tensor.constructors import int_dtypes as int_dtypes
from .tensor.constructors import integer_dtypes as integer_dtypes
from .tensor.constructors import tensor as tensor
from .tensor.constructors import uint_dtypes as uint_dtypes
from .tensor.conversion import as_tensor as as_tensor
from .tensor.conversion import constant as constant
from .tensor.functions import *
from .tensor.special import *
from .tensor.variable import TensorConstant as TensorConstant
from .tensor.variable import TensorType as TensorType
from .tensor.variable import TensorVariable as TensorVariable

as_tensor_variable = as_tensor
globals().update(CONSTRUCTORS)

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """The constructors: ``matrix``, ``fvector``, ``dmatrices`` and the like."""
