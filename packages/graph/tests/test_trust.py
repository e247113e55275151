"""A cache that another user could write to is not used: its folder, those above it, its entries."""

import os
import stat

import pytest
from bitale_graph.disk.cache import Cache, CacheError, cache_key

KEY = cache_key("test")
SOMEBODY = 12345

pytestmark = pytest.mark.skipif(os.name != "posix", reason="rights of POSIX")
as_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away"
)


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "above" / "between" / "cache"
    Cache(folder).put(KEY, {"kernel.so": b"code"})
    return folder


@pytest.mark.parametrize("mode", [0o770, 0o720, 0o707, 0o702, 0o777, 0o1777, 0o2770])
def test_a_folder_that_others_can_write_is_refused(root, mode):
    root.chmod(mode)
    with pytest.raises(CacheError, match=r"(its group|every user).*chmod go-w") as caught:
        Cache(root)
    assert str(root) in str(caught.value)
    root.chmod(0o755)
    assert Cache(root).get(KEY)


@pytest.mark.parametrize("mode", [0o770, 0o720, 0o777, 0o2775])
@pytest.mark.parametrize("level", [0, 1])
def test_a_folder_under_one_that_others_can_write_is_refused(root, level, mode):
    root.parents[level].chmod(mode)
    with pytest.raises(CacheError, match="others can put another folder") as caught:
        Cache(root)
    assert f"chmod go-w {root.parents[level]}" in str(caught.value)


@pytest.mark.parametrize("mode", [0o1777, 0o1770])
def test_a_folder_under_one_like_tmp_is_used(root, mode):
    root.parent.chmod(mode)
    assert Cache(root).get(KEY)


@as_root
@pytest.mark.parametrize("level", [0, 1])
def test_a_folder_under_one_of_another_user_is_refused(root, level):
    os.chown(root.parents[level], SOMEBODY, -1)
    with pytest.raises(CacheError, match=f"belongs to user {SOMEBODY}"):
        Cache(root)


@as_root
def test_a_folder_that_belongs_to_another_user_is_refused(root):
    os.chown(root, SOMEBODY, -1)
    with pytest.raises(CacheError, match=f"belongs to user {SOMEBODY}"):
        Cache(root)


def test_a_link_leads_to_a_folder_that_is_judged_where_it_is(root, tmp_path):
    (tmp_path / "link").symlink_to(root)
    assert Cache(tmp_path / "link").root == root
    root.parent.chmod(0o777)
    with pytest.raises(CacheError, match="others can put"):
        Cache(tmp_path / "link")
    (tmp_path / "nowhere").symlink_to(tmp_path / "missing")
    with pytest.raises(CacheError):
        Cache(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["\0", "a\ud800b", "x" * 300])
def test_a_folder_that_cannot_be_named_is_an_error_of_the_cache(tmp_path, name):
    with pytest.raises(CacheError):
        Cache(f"{tmp_path}/{name}")


def test_what_is_made_is_private_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        cache = Cache(tmp_path / "a" / "b" / "cache")
        folder = cache.put(KEY, {"kernel.so": b"code", "source.c": b"text"})
    finally:
        os.umask(before)
    made = [tmp_path / "a", tmp_path / "a" / "b", cache.root, folder, *folder.iterdir()]
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in made} == {0}
    assert cache.get(KEY) == folder


def link_file(folder):
    (folder / "kernel.so").rename(folder.parents[1] / "elsewhere")
    (folder / "kernel.so").symlink_to(folder.parents[1] / "elsewhere")


def link_digests(folder):
    (folder / "digests").rename(folder.parents[1] / "elsewhere")
    (folder / "digests").symlink_to(folder.parents[1] / "elsewhere")


def link_folder(folder):
    folder.rename(folder.parents[1] / "elsewhere")
    folder.symlink_to(folder.parents[1] / "elsewhere")


def give_away(name):
    return pytest.param(
        lambda folder: os.chown(folder / name, SOMEBODY, -1), marks=as_root, id=f"give {name}"
    )


def open_up(name, mode):
    return pytest.param(lambda folder: (folder / name).chmod(mode), id=f"{mode:o} {name}")


@pytest.mark.parametrize(
    "plant",
    [
        *(give_away(name) for name in ("", "kernel.so", "digests")),
        *(open_up(name, 0o660) for name in ("kernel.so", "digests")),
        *(open_up(name, 0o602) for name in ("kernel.so", "digests")),
        *(open_up("", mode) for mode in (0o770, 0o702, 0o1777)),
        *(link_file, link_digests, link_folder),
    ],
)
def test_an_entry_that_others_could_have_written_is_replaced(root, plant):
    cache = Cache(root)
    plant(root / KEY)
    assert cache.get(KEY) is None
    assert not os.path.lexists(root / KEY)
    folder = cache.put(KEY, {"kernel.so": b"new"})
    assert cache.get(KEY) == folder
    assert (folder / "kernel.so").read_bytes() == b"new"
    elsewhere = root.parent / "elsewhere"
    assert not elsewhere.exists() or elsewhere.is_dir() or b"new" not in elsewhere.read_bytes()


def test_one_entry_in_the_place_of_another_is_not_taken_for_it(root):
    cache = Cache(root)
    other = cache.put(cache_key("other"), {"kernel.so": b"other"})
    cache.discard(KEY)
    other.rename(root / KEY)
    assert cache.get(KEY) is None
    assert cache.get(f"../cache/{KEY}") is None
    with pytest.raises(ValueError, match="not a key"):
        cache.put("../x", {})


def test_a_folder_that_is_opened_to_others_later_is_no_longer_used(root):
    cache = Cache(root)
    root.chmod(0o770)
    assert cache.get(KEY) is None
    with pytest.raises(CacheError, match="its group"):
        cache.put(cache_key("other"), {})
    root.chmod(0o700)
    assert cache.get(KEY)


def test_a_folder_that_became_a_link_is_no_longer_used(root):
    cache = Cache(root)
    root.rename(root.with_name("elsewhere"))
    root.symlink_to(root.with_name("elsewhere"))
    with pytest.raises(CacheError, match="a link"):
        cache.put(cache_key("other"), {})
