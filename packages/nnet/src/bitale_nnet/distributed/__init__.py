"""Training by several processes at once, over MPI."""

from .gradients import distributed as distributed
from .waiting import EndedError as EndedError
from .world import World as World
