"""Whatever became of what is cached: it is removed or made again, and nothing waits for ever."""

import errno
import os
import time
from pathlib import Path

import pytest
from bitale_graph.disk.cache import Cache, CacheError, cache_key

KEY = cache_key("test")


def age(path, seconds):
    os.utime(path, (time.time() + seconds, time.time() + seconds), follow_symlinks=False)


@pytest.mark.parametrize("stamp", ["future", "folder", "dangling", "pipe", "closed"])
def test_whatever_the_stamp_is_orphans_are_swept(tmp_path, stamp):
    cache = Cache(tmp_path / "cache")
    orphans = [cache.root / "temporary-folder", cache.root / "temporary-file"]
    (orphans[0] / "closed").mkdir(parents=True)
    (orphans[0] / "closed").chmod(0)
    orphans[1].write_bytes(b"x")
    for path in orphans:
        age(path, -2 * 86_400)
    path = cache.root / "swept"
    if stamp == "folder":
        (path / "inner").mkdir(parents=True)
    elif stamp == "dangling":
        path.symlink_to(tmp_path / "elsewhere")
    elif stamp == "pipe":
        os.mkfifo(path)
    else:
        path.touch()
        age(path, 10 * 86_400)
    if stamp == "closed":
        path.chmod(0)
    cache.put(KEY, {})
    assert not any(os.path.lexists(one) for one in orphans)
    assert path.is_file()
    assert abs(path.stat().st_mtime - time.time()) < 60
    assert not (tmp_path / "elsewhere").exists()


def test_what_is_no_entry_is_pruned_and_what_is_another_s_stays(tmp_path):
    cache = Cache(tmp_path / "cache")
    cache.put(KEY, {"a": b"1"})
    (cache.root / cache_key("empty")).mkdir()
    (cache.root / cache_key("file")).write_bytes(b"x")
    (cache.root / cache_key("link")).symlink_to(tmp_path)
    (cache.root / "documents").mkdir()
    assert cache.prune(10_000) == 0
    assert {path.name for path in cache.root.iterdir()} == {KEY, "swept", "documents"}
    cache.clear()
    assert {path.name for path in cache.root.iterdir()} == {"swept", "documents"}


def test_an_entry_from_the_future_is_not_kept_for_ever(tmp_path):
    cache = Cache(tmp_path / "cache")
    for name in ("a", "b"):
        cache.put(cache_key(name), {"x": bytes(1000)})
    for path in (*(cache.root / cache_key("a")).iterdir(), cache.root / cache_key("a")):
        os.utime(path, (4e9, 4e9))
    age(cache.root / cache_key("b") / "digests", -20_000)
    cache.get(cache_key("a"))
    assert (cache.root / cache_key("a") / "digests").stat().st_mtime < time.time() + 60


def test_what_cannot_be_removed_is_an_error_and_no_endless_loop(tmp_path, monkeypatch):
    cache = Cache(tmp_path / "cache")
    (cache.root / KEY).mkdir()
    (cache.root / KEY / "x").touch()
    move = Path.rename

    def refuse(self, target):
        if self.name == KEY:
            raise PermissionError(errno.EPERM, "immutable", str(self))
        return move(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    assert cache.get(KEY) is None
    with pytest.raises(CacheError, match="cannot be removed"):
        cache.put(KEY, {})


def path_of(handle):
    return Path(f"/proc/self/fd/{handle}").readlink()


def test_files_are_on_the_disk_before_the_entry_appears(tmp_path, monkeypatch):
    cache = Cache(tmp_path / "cache")
    sync, synced = os.fsync, []

    def note(handle):
        assert not (cache.root / KEY).exists()
        synced.append(path_of(handle).name)
        sync(handle)

    if not Path("/proc/self/fd").exists():
        pytest.skip("needs /proc/self/fd")
    monkeypatch.setattr(os, "fsync", note)
    cache.put(KEY, {"kernel.so": b"code", "source.c": b"text"})
    assert {"kernel.so", "source.c", "digests"} < set(synced)
    assert synced[-1].startswith("temporary-")  # the folder, after what is in it
