"""Settings of a block: of one thread or task alone, and taken back in whatever order blocks end."""

import asyncio
import contextlib
import contextvars
import itertools
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from bitale_graph import change_flags, config
from bitale_graph.base.config import Config, Flag
from bitale_graph.base.errors import ConfigError


@pytest.fixture(autouse=True)
def nothing_stays():
    names = ("floatX", "traceback_limit", "on_unused_input")
    before = [getattr(config, name) for name in names]
    yield
    assert [getattr(config, name) for name in names] == before


def both(first, second, seen):
    """Run two threads whose blocks overlap: the first ends while the second is inside."""
    inside, outside = threading.Event(), threading.Event()

    def one():
        with config.change_flags(floatX=first):
            inside.wait(5)
            seen.append(config.floatX)
        outside.set()

    def other():
        with config.change_flags(floatX=second):
            inside.set()
            outside.wait(5)
            seen.append(config.floatX)
        seen.append(config.floatX)

    threads = [threading.Thread(target=run) for run in (one, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_threads_that_overlap_see_their_own_settings_and_leave_none():
    for names in itertools.product(["float16", "float32"], repeat=2):
        seen = []
        both(*names, seen)
        assert seen == [*names, "float64"]
        assert config.floatX == "float64"


def test_a_block_is_not_seen_by_other_threads():
    with config.change_flags(floatX="float16"), ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: config.floatX).result() == "float64"
        here = contextvars.copy_context()
        assert pool.submit(here.run, lambda: config.floatX).result() == "float16"
        # And what is set there is not seen here.
        assert pool.submit(here.run, setattr, config, "floatX", "float32").result() is None
        assert config.floatX == "float16"


def test_one_object_serves_many_threads_at_once():
    setting = config.change_flags(floatX="float32")
    barrier = threading.Barrier(4)

    def use(_):
        for _ in range(50):
            barrier.wait(5)
            with setting, setting:
                if config.floatX != "float32":
                    return False
            if config.floatX != "float64":
                return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(use, range(4)))


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_blocks_may_end_in_any_order(order):
    blocks = [config.change_flags(traceback_limit=i + 1) for i in range(3)]
    for block in blocks:
        block.__enter__()
    left = [0, 1, 2]
    for i in order:
        assert config.traceback_limit == left[-1] + 1
        blocks[i].__exit__(None, None, None)
        left.remove(i)
    assert config.traceback_limit == 8


def test_generators_that_overlap_take_back_their_own():
    def steps(dtype):
        with config.change_flags(floatX=dtype):
            yield config.floatX
            yield config.floatX

    first, second = steps("float16"), steps("float32")
    assert [next(first), next(second)] == ["float16", "float32"]
    first.close()
    assert config.floatX == "float32"
    second.close()
    assert config.floatX == "float64"


def test_a_generator_may_end_in_another_thread():
    def steps():
        with config.change_flags(floatX="float16"):
            yield

    generator = steps()
    next(generator)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(generator.close).result()
    assert config.floatX == "float64"
    with config.change_flags(traceback_limit=1):
        assert not any(block.has_ended for block, _ in config._layers.get())


def test_tasks_have_settings_of_their_own_and_begin_with_those_around_them():
    async def task(dtype, turns):
        seen = [config.floatX]
        with config.change_flags(floatX=dtype):
            for _ in range(turns):
                await asyncio.sleep(0)
                seen.append(config.floatX)
        return [*seen, config.floatX]

    async def main():
        with config.change_flags(floatX="float16"):
            tasks = [
                asyncio.create_task(task("float32", 3)),
                asyncio.create_task(task("float16", 1)),
            ]
        return config.floatX, await asyncio.gather(*tasks)

    outside, seen = asyncio.run(main())
    assert outside == "float64"
    assert seen == [
        ["float16", "float32", "float32", "float32", "float16"],
        ["float16", "float16", "float16"],
    ]


def test_coroutines_can_be_decorated_and_generators_cannot():
    @config.change_flags(floatX="float32")
    async def late():
        await asyncio.sleep(0)
        return config.floatX

    async def several():
        return await asyncio.gather(late(), late()), config.floatX

    assert asyncio.run(several()) == (["float32", "float32"], "float64")

    def steps():
        yield

    with pytest.raises(TypeError, match=r"cannot decorate the generator .*steps.*with config"):
        config.change_flags(floatX="float32")(steps)


def test_a_decorated_function_may_call_itself_and_fail():
    @change_flags(traceback_limit=3)
    def fall(depth):
        assert config.traceback_limit == 3
        with config.change_flags(traceback_limit=depth + 10):
            if depth == 0:
                raise KeyError("here")
            with contextlib.suppress(KeyError):
                fall(depth - 1)
            assert config.traceback_limit == depth + 10
        raise KeyError("there")

    with pytest.raises(KeyError, match="there"):
        fall(3)
    assert config.traceback_limit == 8


def test_what_is_assigned_is_of_the_whole_process():
    try:
        config.traceback_limit = 5
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(lambda: config.traceback_limit).result() == 5
            with config.change_flags(floatX="float32"):
                config.traceback_limit = 6
                pool.submit(setattr, config, "traceback_limit", 7).result()
                assert config.traceback_limit == 7
        assert config.traceback_limit == 7
    finally:
        config.traceback_limit = 8


def test_what_is_assigned_to_a_flag_that_a_block_sets_ends_with_the_block():
    with config.change_flags(traceback_limit=2):
        with config.change_flags(floatX="float32"):
            config.traceback_limit = 3
            assert config.traceback_limit == 3
        assert config.traceback_limit == 3
        with config.change_flags(traceback_limit=4):
            config.traceback_limit = 5
        assert config.traceback_limit == 3
    assert config.traceback_limit == 8


def test_nothing_is_entered_if_a_name_or_value_is_wrong():
    for wrong in ({"floatx": "float32"}, {"floatX": "float8"}, {"on_unused_input": "warm"}):
        with (
            pytest.raises(ConfigError, match="did you mean"),
            config.change_flags(traceback_limit=1, **wrong),
        ):
            pass
        assert config.traceback_limit == 8


def test_settings_of_another_object_are_its_own():
    one, other = Config(), Config()
    for settings in (one, other):
        settings.register(Flag("size", 1, ""))
    with change_flags(one, size=2), other.change_flags(size=3):
        assert (one.size, other.size) == (2, 3)
    assert (one.size, other.size) == (1, 1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_keeps_the_settings_of_the_thread_that_forks():
    with config.change_flags(floatX="float16"):
        child = os.fork()
        if child == 0:
            right = config.floatX == "float16"
            os._exit(0 if right else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
