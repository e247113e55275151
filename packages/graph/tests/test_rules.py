"""Tables of rules."""

import importlib
import sys
from decimal import Decimal
from threading import Thread

import pytest

TABLE = "from bitale_graph import RuleTable\ntable = RuleTable('a rule', 'here')\n"
RULES = """
import time
from decimal import Decimal
from late_table import table
time.sleep(0.05)
table.define(Decimal)('rule')
"""


@pytest.fixture
def table(tmp_path, monkeypatch):
    """A table whose rules come with the first class of `decimal`."""
    folder = tmp_path / "late_rules"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "some.py").write_text(RULES)
    (tmp_path / "late_table.py").write_text(TABLE)
    monkeypatch.syspath_prepend(str(tmp_path))
    for module in ("late_table", "late_rules", "late_rules.some"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    made = importlib.import_module("late_table").table
    made.when_asked("decimal", "late_rules")
    return made


def test_rules_are_imported_with_the_first_class_they_are_for(table):
    assert table.get(float) is None
    assert "late_rules.some" not in sys.modules
    assert table[Decimal] == "rule"
    assert Decimal in table
    assert float not in table


def test_a_class_on_top_of_one_they_are_for_asks_for_them_too(table):
    class Own(Decimal):
        pass

    assert table.get(Own) is None
    assert "that of Decimal is not for its subclasses" in table.why_missing(Own)


def test_who_asks_while_another_thread_imports_them_waits(table):
    found = []
    threads = [Thread(target=lambda: found.append(table.get(Decimal))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["rule"] * 8
