"""Random numbers as expressions: distributions of a state, and streams that keep their states."""

from .choices import choice as choice
from .choices import multinomial as multinomial
from .choices import permutation as permutation
from .choices import shuffle_row_elements as shuffle_row_elements
from .distributions import beta as beta
from .distributions import binomial as binomial
from .distributions import exponential as exponential
from .distributions import gamma as gamma
from .distributions import integers as integers
from .distributions import normal as normal
from .distributions import poisson as poisson
from .distributions import random_integers as random_integers
from .distributions import truncated_normal as truncated_normal
from .distributions import uniform as uniform
from .function import RandomFunction as RandomFunction
from .state import new_state as new_state
from .streams import MRG_RandomStreams as MRG_RandomStreams
from .streams import RandomStreams as RandomStreams
