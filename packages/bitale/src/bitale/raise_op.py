"""An op that raises when it is reached."""

from bitale_graph.extend import Raise as Raise
