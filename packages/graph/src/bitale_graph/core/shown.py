"""What notebooks show: the methods that they ask for, of which the words are written above."""

from __future__ import annotations

from ..base import late


class Shown:
    """What a notebook shows in HTML."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return late.html_of(self)


class ShownAsFormula(Shown):
    """What it shows as a formula too."""

    __slots__ = ()

    def _repr_latex_(self) -> str:
        return late.latex_of(self)
