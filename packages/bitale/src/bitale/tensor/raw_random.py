"""Random numbers as functions from a state to the next state and what was drawn."""

from bitale_graph.random import RandomFunction as RandomFunction
from bitale_graph.random import beta as beta
from bitale_graph.random import binomial as binomial
from bitale_graph.random import choice as choice
from bitale_graph.random import exponential as exponential
from bitale_graph.random import gamma as gamma
from bitale_graph.random import integers as integers
from bitale_graph.random import multinomial as multinomial
from bitale_graph.random import new_state as new_state
from bitale_graph.random import normal as normal
from bitale_graph.random import permutation as permutation
from bitale_graph.random import poisson as poisson
from bitale_graph.random import random_integers as random_integers
from bitale_graph.random import shuffle_row_elements as shuffle_row_elements
from bitale_graph.random import truncated_normal as truncated_normal
from bitale_graph.random import uniform as uniform
