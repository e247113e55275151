"""Pooling: what windows along the last axes hold at most, in sum or on average; and patches."""

from .functions import max_pool_2d as max_pool_2d
from .functions import max_pool_2d_same_size as max_pool_2d_same_size
from .functions import pool_1d as pool_1d
from .functions import pool_2d as pool_2d
from .functions import pool_3d as pool_3d
from .named import NamedPool as NamedPool
from .neighbours import images2neibs as images2neibs
from .neighbours import neibs2images as neibs2images
from .pool import MaxPoolGrad as MaxPoolGrad
from .pool import MaxPoolTangent as MaxPoolTangent
from .pool import Pool as Pool
from .pool import PoolGrad as PoolGrad
from .resizing import spatial_pyramid_pool as spatial_pyramid_pool
from .resizing import upscale as upscale
from .windows import pooled_length as pooled_length
