"""One rule for each op; importing this package stores them in the tables."""

from . import assertion as assertion
from . import choice as choice
from . import creation as creation
from . import elementwise as elementwise
from . import ifelse as ifelse
from . import indexing as indexing
from . import join as join
from . import loop as loop
from . import product as product
from . import reduction as reduction
from . import scalar as scalar
from . import scan as scan
from . import shape as shape
from . import softmax as softmax
