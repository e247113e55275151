"""Text forms and pictures of expressions and functions."""

from typing import TYPE_CHECKING

from bitale_graph.extend import Print as Print
from bitale_graph.extend import debugprint as debugprint
from bitale_graph.extend import pp as pp
from bitale_graph.extend import pprint as pprint

if TYPE_CHECKING:
    from bitale_graph.drawing import pydotprint as pydotprint
    from bitale_graph.drawing import pydotprint_variables as pydotprint_variables
    from bitale_graph.texts import DefaultPrinter as DefaultPrinter
    from bitale_graph.texts import FunctionPrinter as FunctionPrinter
    from bitale_graph.texts import IgnorePrinter as IgnorePrinter
    from bitale_graph.texts import LeafPrinter as LeafPrinter
    from bitale_graph.texts import OperatorPrinter as OperatorPrinter
    from bitale_graph.texts import PatternPrinter as PatternPrinter
    from bitale_graph.texts import PPrinter as PPrinter
    from bitale_graph.texts import PrinterState as PrinterState
    from bitale_graph.texts import default_printer as default_printer
    from bitale_graph.texts import hex_digest as hex_digest
    from bitale_graph.texts import latex as latex
    from bitale_graph.texts import leaf_printer as leaf_printer
    from bitale_graph.texts import min_informative_str as min_informative_str
    from bitale_graph.texts import var_descriptor as var_descriptor


def __getattr__(name: str) -> object:
    # Imported when it is asked for: most programs write no expressions, and draw nothing.
    if name in {"pydotprint", "pydotprint_variables"}:
        from bitale_graph import drawing

        return getattr(drawing, name)
    from bitale_graph import texts

    if name.startswith("_") or not hasattr(texts, name):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(texts, name)


def __dir__() -> list[str]:
    from bitale_graph import texts

    pictures = ("pydotprint", "pydotprint_variables")
    return sorted({*globals(), *pictures, *(name for name in vars(texts) if name[0] != "_")})
