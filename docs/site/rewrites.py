"""The page of all rewrites: what each rule finds and what it makes of it, from the rules."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType
from typing import Any

from bitale_graph import FunctionGraph, Mode
from bitale_optimize import RewriteContext, RuleSet, pipeline
from bitale_optimize.engine.fixed_point import to_fixed_point
from bitale_optimize.engine.rewrite import brief
from pages import ROOT

CASES = ROOT / "packages/optimize/tests/test_rules.py"
HEAD = """\
# The rewrites

Every rule of the rewriter: what it finds, and what it puts there. In the second line stands an
expression of its tests, and what became of that by this rule alone when the page was made. What a
rule may change stands under its name, and [another page](rewriting.md) tells what that means:
`domain`, an error, a NaN or an infinity may disappear; `accuracy`, other digits; `range`, numbers
near the largest may overflow. A rule `on request` works where a mode includes it.

`Mode().excluding("log_of_exp")` leaves a rule out, `bitale_optimize.explain(f)` lists those that
worked on a function, and `bitale_optimize.register` adds one of your own.

## The passes, in order

"""
LONGEST = 120  # letters of an example that is shown
DEPTH = 9


def cases() -> ModuleType:
    """Return the module of tests that has an expression for every rule."""
    spec = importlib.util.spec_from_file_location("rule_cases", CASES)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its dataclasses look
    spec.loader.exec_module(module)
    return module


def example(tests: ModuleType, rule: Any) -> tuple[str, str]:
    """Return an expression as written and as a rule leaves it; empty where they are long."""
    case = next((case for case in tests.CASES if case.rule == rule.name), None)
    if case is None:
        return "", ""
    inputs, written, _ = tests.expression(case.fires)
    graph = FunctionGraph.cloned(inputs, [written])[0]
    context = RewriteContext(graph, Mode(linker="numpy").including(rule.name), [])
    context.phase = "one"
    before = brief(graph.outputs[0], DEPTH)
    rules = RuleSet("one", "a rule alone")
    rules.add(rule)
    pipeline.merge(graph, context)
    to_fixed_point(rules)(graph, context)
    after = brief(graph.outputs[0], DEPTH)
    if not context.log:
        raise AssertionError(f"{rule.name} does not find its own example")
    return (before, after) if max(len(before), len(after)) <= LONGEST else ("", "")


def code(text: str) -> str:
    """Return text as code in a cell of a table."""
    return f"`{' '.join(text.split())}`".replace("|", "\\|")


def rows(tests: ModuleType, rules: list[Any]) -> list[str]:
    """Return the table of some rules."""
    lines = ["| rule | before | after |", "|---|---|---|"]
    for rule in rules:
        changes = ", ".join([*rule.tags, *([] if rule.default else ["on request"])])
        cells = [f"`{rule.name}`" + (f"<br>{changes}" if changes else "")]
        for form, found in zip((rule.before, rule.after), example(tests, rule), strict=True):
            cells.append(code(form) + (f"<br>{code(found)}" if found and found != form else ""))
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def rewrites_page() -> str:
    """Return the page."""
    pipeline.load_linear_algebra()
    tests = cases()
    passes, tables, listed = [], [], set()
    for one in pipeline.all_passes():
        passes.append(f"1. `{one.name}`: {one.purpose[0].lower()}{one.purpose[1:].rstrip('.')}")
        if new := [rule for rule in one.rules if rule.name not in listed]:
            listed |= {rule.name for rule in new}
            tables += ["", f"## Rules of {one.name}", "", *rows(tests, new)]
    return "\n".join([HEAD, *passes, *tables, ""])
