"""What is found out about a machine: a line each, as text and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

OK = "ok"
BETTER = "could be better"
BROKEN = "broken"
_ORDER = (OK, BETTER, BROKEN)
_STATE, _SUBJECT = 15, 19  # letters of the longest
FORMAT = 1  # of the JSON; a key that is there stays, or this number grows


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    key : str
        What it is, for programs: it stays from one release to the next.
    subject : str
        What it is, for people: a word or two.
    state : str
        `OK`, `BETTER` (could be better) or `BROKEN`.
    words : str
        What was found.
    cure : str
        What would be better, and the command for it; empty where all is well.
    facts : mapping of str to what JSON has
        The same, for programs.
    """

    key: str
    subject: str
    state: str
    words: str
    cure: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.state not in _ORDER:
            raise ValueError(f"the state of {self.key!r} is one of {_ORDER}, not {self.state!r}")

    def __str__(self) -> str:
        line = f"{self.state:<{_STATE}}  {plain(self.subject):<{_SUBJECT}}  {plain(self.words)}"
        return f"{line}\n{'':{_STATE + _SUBJECT + 4}}-> {plain(self.cure)}" if self.cure else line


@dataclass(frozen=True, repr=False)
class Report:
    """All that was found; printing it shows it, a line for each thing.

    Attributes
    ----------
    findings : sequence of Finding
    """

    findings: Sequence[Finding]

    @property
    def state(self) -> str:
        """The worst state of all findings."""
        return max((one.state for one in self.findings), key=_ORDER.index, default=OK)

    def as_json(self) -> str:
        """A JSON object: ``format``, ``state``, and ``findings`` with the attributes of each."""
        import json  # not with `import bitale`

        findings = [
            {
                "key": one.key,
                "subject": one.subject,
                "state": one.state,
                "words": one.words,
                "cure": one.cure,
                "facts": dict(one.facts),
            }
            for one in self.findings
        ]
        found = {"format": FORMAT, "state": self.state, "findings": findings}
        return json.dumps(found, indent=2, default=str)

    def __repr__(self) -> str:
        return str(self)  # a notebook shows what stands last in a cell

    def __str__(self) -> str:
        return "\n".join([*map(str, self.findings), "", self._summary()])

    def _summary(self) -> str:
        counts = {state: sum(one.state == state for one in self.findings) for state in _ORDER}
        if self.state == OK:
            return "All is well."
        parts = [f"{counts[state]} {state}" for state in (BROKEN, BETTER) if counts[state]]
        return f"{', '.join(parts)}, {counts[OK]} ok."


def plain(text: str) -> str:
    """A text on one line, without what a terminal would obey."""
    shown = " ".join(str(text).split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)
