"""The ops of the tensor language, by subject."""

from . import assertion as assertion
from . import axes as axes
from . import creation as creation
from . import ifelse as ifelse
from . import index_value as index_value
from . import indexing as indexing
from . import join as join
from . import lengths as lengths
from . import loop as loop
from . import math as math
from . import new_axes as new_axes
from . import numpy_functions as numpy_functions
from . import product as product
from . import reduction as reduction
from . import reshape as reshape
from . import scan as scan
from . import sets as sets
from . import shape as shape
from . import softmax as softmax
from . import sorting as sorting
from . import statistics as statistics
