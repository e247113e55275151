"""Tables of rules."""

import sys

from bitale_graph import RuleTable


def test_rules_are_imported_with_the_first_class_they_are_for(tmp_path, monkeypatch):
    folder = tmp_path / "late_rules"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "some.py").write_text("from late_table import table\ntable.define(int)('rule')\n")
    (tmp_path / "late_table.py").write_text(
        "from bitale_graph import RuleTable\ntable = RuleTable('a rule', 'here')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    from late_table import table  # a module of this test

    assert isinstance(table, RuleTable)
    table.when_asked("builtins", "late_rules")
    assert table.get(RuleTable) is None
    assert "late_rules.some" not in sys.modules
    assert table[int] == "rule"
    assert int in table
    assert float not in table
