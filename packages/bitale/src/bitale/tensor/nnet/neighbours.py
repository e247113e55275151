"""Images as rows of flattened patches, and back."""

from bitale_graph.pooling import images2neibs as images2neibs
from bitale_graph.pooling import neibs2images as neibs2images
