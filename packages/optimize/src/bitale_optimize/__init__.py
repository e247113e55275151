"""bitale-optimize: the rewriter between expressions and the code that runs them."""

from .explain import explain as explain
from .explain import rewrites as rewrites
from .pattern import PatternRule as PatternRule
from .phases import register as register
from .phases import register_canonicalize as register_canonicalize
from .phases import register_specialize as register_specialize
from .phases import register_stabilize as register_stabilize
from .phases import unregister as unregister
from .rewrite import Changes as Changes
from .rewrite import Firing as Firing
from .rewrite import RewriteContext as RewriteContext
from .rewrite import Rule as Rule
from .rewrite import RuleSet as RuleSet
from .rewriter import FunctionGraphRewriter as FunctionGraphRewriter

__version__ = "0.1.0"
