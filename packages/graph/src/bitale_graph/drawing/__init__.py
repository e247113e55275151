"""Pictures of graphs, drawn without Graphviz."""

from .writing import d3viz as d3viz
from .writing import d3write as d3write
from .writing import draw as draw
from .writing import html as html
from .writing import pydotprint as pydotprint
from .writing import pydotprint_variables as pydotprint_variables
from .writing import svg as svg
