"""The layers, one family to a file."""

from .activation import Activation as Activation
from .dense import Dense as Dense
from .sequential import Sequential as Sequential
