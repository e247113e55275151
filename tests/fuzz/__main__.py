"""``python -m tests.fuzz --programs 50000 --seed 0``: random programs in all ways."""

from __future__ import annotations

import argparse
import os
import sys
import time

from .campaign import Campaign
from .compare import run_on_device


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Run; 1 if something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--seed", default="0")
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument("--most", type=int, default=40, help="stop after so many findings")
    parser.add_argument("--quick", action="store_true", help="compile most without optimisation")
    parser.add_argument("--device", help="run on a device, such as emulated, and not by C")
    given = parser.parse_args()
    if given.device:
        run_on_device(given.device)
    campaign = Campaign(given.seed, given.batch, report=_tell, quick=given.quick)
    start = time.perf_counter()
    while campaign.done < given.programs and time.perf_counter() - start < given.seconds:
        campaign.step()
        if len(campaign.findings) >= given.most:
            break
    seconds = time.perf_counter() - start
    times = os.times()
    _tell(
        f"{campaign.summary()} {seconds:.0f} s, "
        f"{1000 * sum(times[:4]) / max(campaign.done, 1):.0f} ms of a processor for each"
    )
    return bool(campaign.findings)


sys.exit(main())
