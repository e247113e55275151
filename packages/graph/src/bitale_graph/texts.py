"""Texts of expressions: as mathematics, in LaTeX, in short; and what writes each op."""

from .debug.descriptions import hex_digest as hex_digest
from .debug.descriptions import min_informative_str as min_informative_str
from .debug.descriptions import var_descriptor as var_descriptor
from .debug.latex import latex as latex
from .debug.printers import DefaultPrinter as DefaultPrinter
from .debug.printers import FunctionPrinter as FunctionPrinter
from .debug.printers import IgnorePrinter as IgnorePrinter
from .debug.printers import LeafPrinter as LeafPrinter
from .debug.printers import OperatorPrinter as OperatorPrinter
from .debug.printers import PatternPrinter as PatternPrinter
from .debug.printers import PPrinter as PPrinter
from .debug.printers import PrinterState as PrinterState
from .debug.printers import default_printer as default_printer
from .debug.printers import leaf_printer as leaf_printer
