"""What a call gives back: arrays of the host, or of the device where these are asked for."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

import numpy as np
from bitale_graph.plan.expressions import Expression

from ..driver.driver import Driver
from .call_values import Delivered
from .device_array import DeviceArray
from .live import Live
from .plan import ONE_PIECE, Plan
from .queue import CheckFailedError
from .strides import packed_strides
from .values import Reducer


def collected(
    plan: Plan,
    base: int,
    wanted: Sequence[Delivered],
    on_device: Container[int],
    evaluate: Reducer,
) -> list[Any]:
    """The results of a plan that runs; raises if a check has failed.

    Parameters
    ----------
    plan : Plan
    base : int
        The memory of the plan.
    wanted : sequence of Delivered
    on_device : collection of int
        Which of these stay on the device.
    evaluate : Reducer
        Knows the numbers of the call.
    """
    driver, outputs = plan.driver, plan.layout.outputs
    leaving = [
        plan.region_of(one.address)
        for k, one in enumerate(wanted)
        if one.address is not None and k not in on_device
    ]
    if plan.status is not None:
        leaving.append(plan.status)
    begin = min((outputs[k] for k in leaving), default=0)
    ends = [outputs[k] + plan.regions[k].size - begin for k in leaving]
    block = np.empty(max((end for end in ends if end <= ONE_PIECE), default=0), np.uint8)
    if block.size:
        driver.download(block, base + begin)

    def fetched(region: int, dtype: str, shape: tuple[int, ...]) -> Any:
        made = np.empty(shape, dtype)
        at = outputs[region] - begin
        if at + made.nbytes <= block.size:
            made.reshape(-1).view(np.uint8)[...] = block[at : at + made.nbytes]
        elif made.size:
            driver.download(made, base + outputs[region])
        return made

    if plan.status is not None:
        code = int(fetched(plan.status, "int32", ()))
        if code:
            raise CheckFailedError(code - 1)
    elif not wanted:
        driver.synchronize()
    results = []
    for k, one in enumerate(wanted):
        if one.address is None:
            results.append(_given_number(driver, one, evaluate, k in on_device))
            continue
        region = plan.region_of(one.address)
        if k in on_device:
            address = base + outputs[region]
            results.append(DeviceArray.copied(driver, address, one.shape, one.dtype))
        else:
            results.append(fetched(region, one.dtype, one.shape))
    return results


def collected_live(live: Live, wanted: Sequence[Delivered], on_device: Container[int]) -> list[Any]:
    """The results of a call whose commands are carried out as they come."""
    results = []
    for k, one in enumerate(wanted):
        if one.address is None:
            results.append(_given_number(live.driver, one, live.evaluate, k in on_device))
        elif k in on_device:
            results.append(DeviceArray.copied(live.driver, one.address, one.shape, one.dtype))
        else:
            results.append(live.read(one.address, one.dtype, one.shape, packed_strides(one.shape)))
    return results


def _given_number(driver: Driver, one: Delivered, evaluate: Reducer, on_device: bool) -> Any:
    """A number that host code has."""
    value = evaluate(one.value) if isinstance(one.value, Expression) else one.value
    made = np.asarray(value, one.dtype)
    return DeviceArray.uploaded(driver, made) if on_device else made
