"""Classes of ops that read and write at indices, and what is written with them."""

from bitale_graph.extend import AdvancedIncSubtensor as AdvancedIncSubtensor
from bitale_graph.extend import AdvancedIncSubtensor1 as AdvancedIncSubtensor1
from bitale_graph.extend import AdvancedSubtensor as AdvancedSubtensor
from bitale_graph.extend import AdvancedSubtensor1 as AdvancedSubtensor1
from bitale_graph.extend import IncSubtensor as IncSubtensor
from bitale_graph.extend import Subtensor as Subtensor
from bitale_graph.language import inc_subtensor as inc_subtensor
from bitale_graph.language import set_subtensor as set_subtensor
from bitale_graph.language import take as take
