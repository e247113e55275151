"""What is given as ``profile=``."""

from __future__ import annotations

from typing import Any

from .stats import ProfileStats


def read_profile(profile: Any, label: str) -> ProfileStats:
    """What measures a function, from what ``function`` is given; raises `TypeError`."""
    if isinstance(profile, ProfileStats):
        return profile
    if isinstance(profile, str):
        return ProfileStats(message=profile)
    if profile is None or profile is True:
        return ProfileStats(message=label)
    raise TypeError(
        f"function: profile takes True, a title, or a ProfileStats, and was given {profile!r}\n"
        "  hint: profile=True measures the function, and prints that when Python ends"
    )
