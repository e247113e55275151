"""What the processor can do: part of the cache key, and OpenBLAS's choice of kernels."""

from __future__ import annotations

import functools
import os
import platform
from dataclasses import dataclass
from pathlib import Path

AVX512 = frozenset({"avx512f", "avx512dq", "avx512cd", "avx512bw", "avx512vl"})


@dataclass(frozen=True)
class Cpu:
    """The processor as the operating system describes it.

    Attributes
    ----------
    vendor : str
        Such as "AuthenticAMD"; empty if not known.
    family, model : int
        0 if not known.
    features : frozenset of str
        The names of Linux's ``/proc/cpuinfo``; empty elsewhere.
    """

    vendor: str
    family: int
    model: int
    features: frozenset[str]

    @property
    def signature(self) -> str:
        """All of it as one line, the same for processors that run the same machine code."""
        parts = [platform.machine(), self.vendor, str(self.family), str(self.model)]
        return " ".join([*parts, *sorted(self.features)])


@functools.cache
def this_cpu() -> Cpu:
    """Describe the processor that this process runs on."""
    try:
        with Path("/proc/cpuinfo").open(encoding="ascii", errors="replace") as file:
            return parse_cpuinfo(file.read(8192))  # the first processor; a server has hundreds
    except OSError:
        return Cpu(platform.processor(), 0, 0, frozenset())


def parse_cpuinfo(text: str) -> Cpu:
    """Read the first processor out of the text of ``/proc/cpuinfo``."""
    fields: dict[str, str] = {}
    for line in text.split("\n\n", maxsplit=1)[0].splitlines():
        name, _, value = line.partition(":")
        fields[name.strip()] = value.strip()
    family, model = fields.get("cpu family", "0"), fields.get("model", "0")
    features = fields.get("flags", fields.get("Features", ""))
    return Cpu(
        vendor=fields.get("vendor_id", fields.get("CPU implementer", "")),
        family=int(family) if family.isdigit() else 0,
        model=int(model) if model.isdigit() else 0,
        features=frozenset(features.split()),
    )


def openblas_core_type(cpu: Cpu) -> str | None:
    """Name the kernels that OpenBLAS would not choose by itself on this processor.

    OpenBLAS up to 0.3.34 takes AMD's family 26 (Zen 5) for an unknown processor and uses its
    AVX2 kernels (OpenBLAS issue 6029): 245 instead of 480 GFLOP/s in float32 on two cores. Zen 4
    is known to it: there the default and SkylakeX are the same kernels, within 5%.
    """
    is_newer_amd = cpu.vendor == "AuthenticAMD" and cpu.family >= 26
    return "SkylakeX" if is_newer_amd and cpu.features >= AVX512 else None


def set_openblas_core_type() -> None:
    """Tell OpenBLAS its kernels through the environment; to be called before it is loaded.

    A choice that the user made in ``OPENBLAS_CORETYPE`` stays.
    """
    core_type = openblas_core_type(this_cpu())
    if core_type is not None:
        os.environ.setdefault("OPENBLAS_CORETYPE", core_type)
