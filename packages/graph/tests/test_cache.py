"""The folder of what is compiled: races, damage, rights, size."""

import multiprocessing
import os
import stat
import time
import warnings

import pytest
from bitale_graph.disk import cache as cache_module
from bitale_graph.disk.cache import Cache, CacheError, cache_key, default_root, open_cache

KEY = cache_key("test")


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
def fresh_process_state(monkeypatch):
    """Forget which caches this process has opened."""
    monkeypatch.setattr(cache_module, "_opened", {})


def names(cache):
    return sorted(path.name for path in cache.root.iterdir() if path.name != "swept")


def test_entry_comes_back_as_it_was_put(cache, tmp_path):
    moved = tmp_path / "built.so"
    moved.write_bytes(b"code")
    assert cache.get(KEY) is None
    folder = cache.put(KEY, {"kernel.so": moved, "source.c": b"text"})
    assert cache.get(KEY) == folder
    assert (folder / "kernel.so").read_bytes() == b"code"
    assert (folder / "source.c").read_bytes() == b"text"
    assert not moved.exists()
    assert names(cache) == [KEY]


def test_entry_without_files_is_an_entry(cache):
    assert cache.get(KEY) is None
    cache.put(KEY, {})
    assert cache.get(KEY) is not None


def test_first_entry_of_a_key_stays(cache):
    cache.put(KEY, {"a": b"1"})
    assert (cache.put(KEY, {"a": b"2"}) / "a").read_bytes() == b"1"
    assert names(cache) == [KEY]


@pytest.mark.parametrize("name", ["../a", "a/b", "digests", "", ".."])
def test_file_names_do_not_leave_the_entry(cache, name):
    with pytest.raises(ValueError, match="not a name"):
        cache.put(KEY, {name: b""})
    assert names(cache) == []


def truncate(folder):
    with (folder / "kernel.so").open("r+b") as file:
        file.truncate(10)


def change(folder):
    (folder / "kernel.so").write_bytes(b"x" * 1000)


def lose(folder):
    (folder / "kernel.so").unlink()


def lose_digests(folder):
    (folder / "digests").unlink()


def spoil_digests(folder):
    (folder / "digests").write_bytes(b"\xff\x00 ../../secret\n")


@pytest.mark.parametrize("damage", [truncate, change, lose, lose_digests, spoil_digests])
def test_damaged_entry_is_removed_and_made_anew(cache, damage):
    damage(cache.put(KEY, {"kernel.so": b"c" * 1000}))
    assert cache.get(KEY) is None
    assert names(cache) == []
    damage(cache.put(KEY, {"kernel.so": b"d" * 1000}))
    assert (cache.put(KEY, {"kernel.so": b"e" * 1000}) / "kernel.so").read_bytes() == b"e" * 1000


def test_crash_while_writing_leaves_nothing_to_find(cache):

    def crash():
        with cache.temporary_folder() as folder:
            (folder / "kernel.so").write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        crash()
    assert names(cache) == []
    with pytest.raises(CacheError, match="cannot write"):
        cache.put(KEY, {"a": b"", "kernel.so": cache.root / "not there"})
    assert cache.get(KEY) is None


def test_entry_that_appears_while_it_is_looked_for_stays(cache, monkeypatch):
    look = cache_module.is_whole
    looks = []

    def publish_at_first_look(folder, key):
        looks.append(folder)
        if len(looks) > 1:
            return look(folder, key)
        whole = look(folder, key)
        cache.put(KEY, {"kernel.so": b"code"})
        return whole

    monkeypatch.setattr(cache_module, "is_whole", publish_at_first_look)
    assert (cache.get(KEY) / "kernel.so").read_bytes() == b"code"


def test_entry_made_anew_while_a_damaged_one_is_removed_stays(cache, monkeypatch):
    truncate(cache.put(KEY, {"kernel.so": b"c" * 1000}))
    remove = Cache._remove

    def publish_before(self, folder, only_if_damaged=False):
        remove(self, folder)
        self.put(KEY, {"kernel.so": b"code"})
        remove(self, folder, only_if_damaged)

    monkeypatch.setattr(Cache, "_remove", publish_before)
    assert cache.get(KEY) is None
    monkeypatch.undo()
    assert (cache.get(KEY) / "kernel.so").read_bytes() == b"code"


def race(root, start, failures):
    cache = Cache(root)
    start.wait()
    for i in range(30):
        key = cache_key(str(i))
        content = str(i).encode() * 1000
        folder = cache.get(key) or cache.put(key, {"kernel.so": content, "source.c": b"s"})
        try:
            if (folder / "kernel.so").read_bytes() != content:
                failures.put(f"{i}: other content")
            if cache.get(key) != folder:
                failures.put(f"{i}: not found")
        except OSError as error:
            failures.put(f"{i}: {error}")


def test_eight_processes_write_the_same_entries(tmp_path):
    context = multiprocessing.get_context("spawn")
    start, failures = context.Barrier(8), context.SimpleQueue()
    workers = [
        context.Process(target=race, args=(tmp_path / "cache", start, failures)) for _ in range(8)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures.empty(), failures.get()
    assert [worker.exitcode for worker in workers] == [0] * 8
    assert len(names(Cache(tmp_path / "cache"))) == 30


def test_folder_is_private(cache):
    assert stat.S_IMODE(cache.root.stat().st_mode) == 0o700
    assert stat.S_IMODE(cache.put(KEY, {"a": b""}).stat().st_mode) == 0o700


def test_folder_that_all_can_write_to_is_refused(tmp_path):
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    with pytest.raises(CacheError, match="every user"):
        Cache(tmp_path / "open")


def test_folder_of_another_user_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(CacheError, match="belongs to user"):
        Cache(tmp_path / "cache")


def test_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    for root in (tmp_path / "file", tmp_path / "file" / "cache"):
        with pytest.raises(CacheError):
            Cache(root)


@pytest.mark.usefixtures("fresh_process_state")
def test_unusable_folder_warns_once_and_gives_a_temporary_one(tmp_path):
    root = tmp_path / "file"
    root.write_text("")
    with pytest.warns(RuntimeWarning, match="temporary folder"):
        cache = open_cache(root)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert open_cache(root) is cache
    assert stat.S_IMODE(cache.root.stat().st_mode) == 0o700
    assert (cache.put(KEY, {"a": b"1"}) / "a").read_bytes() == b"1"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes anywhere")
def test_folder_without_the_right_to_write_is_refused(tmp_path):
    (tmp_path / "cache").mkdir(mode=0o500)
    with pytest.raises(CacheError, match="cannot be written"):
        Cache(tmp_path / "cache")


@pytest.mark.usefixtures("fresh_process_state")
def test_default_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert open_cache().root == tmp_path / "bitale"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert default_root() == tmp_path / "home" / ".cache" / "bitale"


def test_prune_removes_what_was_not_used_for_longest(cache):
    now = time.time()
    for i in range(4):
        folder = cache.put(cache_key(str(i)), {"kernel.so": b"x" * 10_000})
        os.utime(folder / "digests", (now - 20_000 + i, now - 20_000 + i))
    cache.get(cache_key("0"))
    assert cache.prune(25_000) > 20_000
    assert set(names(cache)) == {cache_key("0"), cache_key("3")}
    assert cache.prune(25_000) == 0


def test_clear_removes_every_entry(cache):
    cache.put(KEY, {"a": b""})
    cache.put(cache_key("other"), {"a": b""})
    cache.clear()
    assert names(cache) == []


def test_orphans_are_swept_after_a_day(cache):
    old, young = cache.root / "temporary-old", cache.root / "temporary-young"
    old.mkdir()
    young.mkdir()
    two_days_ago = time.time() - 2 * 86_400
    os.utime(old, (two_days_ago, two_days_ago))
    cache.put(KEY, {})
    assert names(cache) == sorted([KEY, "temporary-young"])
    os.utime(young, (two_days_ago, two_days_ago))
    cache.put(cache_key("same day"), {})
    assert young.exists()
    os.utime(cache.root / "swept", (two_days_ago, two_days_ago))
    cache.put(cache_key("next day"), {})
    assert not young.exists()


def test_key_depends_on_every_part():
    parts = [("ab", "c"), ("a", "bc"), ("abc",), ("abc", ""), ("",), (), ("ab", "\udcff")]
    assert len({cache_key(*one) for one in parts}) == len(parts)
    assert cache_key("ab", "c") == cache_key(b"ab", "c")
