"""What Theano has at its top and bitale has not."""

import numpy as np

__version__ = "1.0.5"
__api_version__ = 1

_asarray = np.asarray
