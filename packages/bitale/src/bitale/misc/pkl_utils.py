"""Objects in zip files, of which NumPy reads the arrays."""

from bitale_graph.disk import PersistentNdarrayID as PersistentNdarrayID
from bitale_graph.disk import PersistentNdarrayLoad as PersistentNdarrayLoad
from bitale_graph.disk import PersistentSharedVariableID as PersistentSharedVariableID
from bitale_graph.disk import StripPickler as StripPickler
from bitale_graph.disk import dump_zip as dump_zip
from bitale_graph.disk import load_zip as load_zip

dump = dump_zip
load = load_zip
