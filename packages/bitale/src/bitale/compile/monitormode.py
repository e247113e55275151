"""The mode that calls functions of one's own before and after every node."""

from bitale_graph.extend import MonitorMode as MonitorMode
from bitale_graph.extend import detect_nan as detect_nan
