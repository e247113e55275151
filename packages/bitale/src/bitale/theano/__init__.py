"""Programs written for Theano: ``import theano`` means bitale, by Theano's names and rules.

``python -m bitale.theano program.py`` runs one; `install` does it in a process.
"""

from .importing import install as install
from .importing import installed as installed
from .importing import uninstall as uninstall
