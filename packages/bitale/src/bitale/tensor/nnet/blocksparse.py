"""Products of chosen blocks."""

from bitale_nnet.sparse_blocks import sparse_block_dot as sparse_block_dot
from bitale_nnet.sparse_blocks import sparse_block_gemv as sparse_block_gemv
from bitale_nnet.sparse_blocks import sparse_block_outer as sparse_block_outer
