from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypedDict

import numpy as np
from numpy.typing import DTypeLike, NDArray

Shape = int | Sequence[int | None]

ABI: int
DTYPES: tuple[np.dtype[Any], ...]

class PoolStatistics(TypedDict):
    limit: int
    kept_bytes: int
    kept_blocks: int
    live_bytes: int
    live_blocks: int
    reused: int
    fresh: int

class Container(Protocol):
    data: Any

def set_pool_limit(bytes: int) -> None: ...
def pool_statistics() -> PoolStatistics: ...
def refused_bytes() -> int: ...
def take_kept_steps() -> list[tuple[int, int, list[np.ndarray[Any, Any]]]]: ...
def clear_pool() -> None: ...
def set_threads(threads: int) -> None: ...
def get_threads() -> int: ...
def own_blas_addresses() -> list[int]: ...
def blas_addresses() -> list[int]: ...
def set_blas_addresses(
    addresses: list[int], get_threads: int = 0, set_threads: int = 0
) -> None: ...
def set_blas_threads(threads: int) -> int: ...

class Argument:
    dtype: np.dtype[Any]
    shape: tuple[int | None, ...]
    filter: Callable[[Any], NDArray[Any]] | None
    name: str | None
    def __init__(
        self,
        dtype: DTypeLike,
        shape: Shape,
        filter: Callable[[Any], NDArray[Any]] | None = None,
        name: str | None = None,
        strict: bool = False,
    ) -> None: ...
    def check(self, value: object) -> NDArray[Any]: ...

class Callback:
    function: Callable[..., Sequence[Any]]
    inputs: list[Argument]
    outputs: list[Argument]
    borrow: bool
    def __init__(
        self,
        function: Callable[..., Sequence[Any]],
        inputs: Sequence[tuple[DTypeLike, Shape]],
        outputs: Sequence[tuple[DTypeLike, Shape]],
        borrow: bool = False,
    ) -> None: ...

class Program:
    keep_alive: object
    arguments: tuple[Argument, ...]
    containers: tuple[Container, ...]
    constants: tuple[NDArray[Any], ...]
    outputs: tuple[Argument, ...]
    updates: tuple[tuple[int, int | None], ...]
    callbacks: tuple[Callback, ...]
    returned: int
    single: bool
    on_error: Callable[[tuple[Any, ...], int], None] | None
    name: str
    def __init__(
        self,
        entry: int,
        keep_alive: object,
        *,
        arguments: Sequence[Argument] = (),
        outputs: Sequence[tuple[DTypeLike, Shape]] = (),
        shared: Sequence[tuple[Container, Argument]] = (),
        constants: Sequence[NDArray[Any]] = (),
        updates: Sequence[tuple[int, int | None]] = (),
        callbacks: Sequence[Callback] = (),
        returned: int | None = None,
        on_error: Callable[[tuple[Any, ...], int], None] | None = None,
        single: bool = False,
        uses_blas: bool = False,
        profile: NDArray[np.int64] | None = None,
        name: str = "compiled function",
    ) -> None: ...
    def __call__(self, args: tuple[Any, ...]) -> Any: ...
