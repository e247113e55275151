"""The choice between two computations, of which one runs."""

from bitale_graph import IfElse as IfElse
from bitale_graph import ifelse as ifelse
