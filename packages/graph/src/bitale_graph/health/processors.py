"""How many processors there are for this process."""

from __future__ import annotations

import os


def usable_processors() -> int:
    """How many processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def processor_quota(root: str = "/sys/fs/cgroup") -> float | None:
    """The processors whose time a container may use, as Linux tells; None if without a limit."""
    from pathlib import Path  # not with `import bitale`

    try:
        quota, period = Path(root, "cpu.max").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        quota, period = _quota_of_version_one(root)
    try:
        found = int(quota) / int(period)
    except (ValueError, ZeroDivisionError):  # "max"
        return None
    return found if found > 0 else None


def _quota_of_version_one(root: str) -> tuple[str, str]:
    from pathlib import Path

    try:
        folder = Path(root, "cpu")
        return (
            (folder / "cpu.cfs_quota_us").read_text(encoding="ascii").strip(),
            (folder / "cpu.cfs_period_us").read_text(encoding="ascii").strip(),
        )
    except (OSError, ValueError):
        return "max", ""
