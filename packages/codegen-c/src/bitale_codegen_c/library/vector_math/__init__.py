"""Elementary functions in plain C that a compiler can vectorise, as text for generated files."""

from __future__ import annotations

from .table import FUNCTIONS as FUNCTIONS
from .table import VectorFunction as VectorFunction
from .table import source as source
