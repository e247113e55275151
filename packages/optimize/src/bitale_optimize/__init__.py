"""bitale-optimize: the rewriter between expressions and the code that runs them."""

from .engine.pattern import PatternRule as PatternRule
from .engine.phases import register as register
from .engine.phases import register_canonicalize as register_canonicalize
from .engine.phases import register_specialize as register_specialize
from .engine.phases import register_stabilize as register_stabilize
from .engine.phases import unregister as unregister
from .engine.rewrite import Changes as Changes
from .engine.rewrite import Firing as Firing
from .engine.rewrite import RewriteContext as RewriteContext
from .engine.rewrite import Rule as Rule
from .engine.rewrite import RuleSet as RuleSet
from .explain import explain as explain
from .explain import rewrites as rewrites
from .pipeline import register_pass as register_pass
from .pipeline import unregister_pass as unregister_pass
from .rewriter import FunctionGraphRewriter as FunctionGraphRewriter

__version__ = "0.1.0"
