"""Pictures of graphs, drawn without Graphviz."""

from .writing import draw as draw
from .writing import pydotprint as pydotprint
from .writing import pydotprint_variables as pydotprint_variables
from .writing import svg as svg
