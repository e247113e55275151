"""The page of a graph, in a real browser: what a person can click, read and step through."""

import importlib.util
import re
import shutil

import bitale
import bitale.tensor as T
import numpy as np
import pytest
from bitale_graph.drawing import html

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
needs_browser = pytest.mark.skipif(
    CHROMIUM is None or importlib.util.find_spec("playwright") is None,
    reason="there is no Chromium here, or no Playwright to drive it",
)


def train():
    x = T.dmatrix("x")
    w = bitale.shared(np.eye(3), name="w")
    rows, _ = bitale.scan(lambda row, h: T.tanh(row + h @ w), x, T.zeros(3), name="walk")
    cost = T.log(1 + T.exp(rows[-1])).sum()
    cost.name = "cost"
    return bitale.function([x], cost, updates=[(w, w - bitale.grad(cost, w))], name="train")


def chain(n):
    y = x = T.dvector("x")
    for _ in range(n):
        y = T.exp(y) + x
    return y


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        made = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture
def show(browser, tmp_path):
    pages = []

    def open_page(text):
        path = tmp_path / "page.html"
        path.write_text(text, encoding="utf-8")
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.wrong = []
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.on("console", lambda message: page.wrong.append(message.text))
        page.on("request", lambda r: r.url.startswith("file:") or page.wrong.append(r.url))
        page.goto(path.as_uri())
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        assert page.wrong == []
        page.close()


@pytest.mark.slow
@needs_browser
def test_one_searches_opens_a_scan_and_steps_through_the_rewrites(show):
    page = show(html(train()))
    page.keyboard.press("/")
    page.keyboard.type("Scan{walk}")
    page.keyboard.press("Enter")
    assert page.inner_text("aside h3") == "Scan{walk}"
    assert "test_page.py" in page.inner_text("aside")
    before = page.locator(".box").count()
    page.click("#openone")
    assert page.locator(".box").count() > before
    assert page.get_by_text("one step", exact=True).count() == 1
    page.keyboard.press("Escape")
    page.click('.step[data-step="0"]')
    assert page.inner_text(".bar b") == "as written"
    passes = []
    for _ in range(page.locator(".step").count() - 1):
        passes.append(page.inner_text(".bar b"))
        page.keyboard.press("]")
    assert "fuse" in passes
    names = page.locator(".step").all_inner_texts()
    page.click(f".step >> nth={next(i for i, n in enumerate(names) if n.startswith('fuse'))}")
    assert page.locator(".box.added").count() > 0
    page.click("#before")
    assert page.locator(".box.removed").count() > 0


@pytest.mark.slow
@needs_browser
def test_bars_show_what_nodes_took(show):
    x = T.dmatrix("x")
    stats = bitale.ProfileStats(atexit_print=False)
    f = bitale.function([x], T.dot(x, T.exp(x)), profile=stats)
    f(np.ones((100, 100)))
    page = show(html(f))
    assert page.locator("rect.time").count() == len(stats.apply_time) == 2
    page.keyboard.press("/")
    page.keyboard.type("Dot")
    page.keyboard.press("Enter")
    assert re.search(r"[\d.]+ [µm]s, [\d.]+ % of all nodes", page.inner_text("aside"))


@pytest.mark.slow
@needs_browser
def test_a_loop_has_the_time_of_what_runs_in_it(show):
    v, w = T.dvector("v"), T.dmatrix("w")
    rows, _ = bitale.scan(lambda h, w: T.tanh(w @ h), outputs_info=v, non_sequences=w, n_steps=99)
    f = bitale.function([v, w], rows[-1], profile=bitale.ProfileStats(atexit_print=False))
    f(np.ones(50), np.eye(50))
    page = show(html(f))
    page.keyboard.press("/")
    page.keyboard.type("Scan")
    page.keyboard.press("Enter")
    share = re.search(r"([\d.]+) % of all nodes", page.inner_text("aside"))
    assert float(share[1]) > 50
    tree = bitale.debugprint(f, file="str")
    scan_line = next(line for line in tree.splitlines() if "Scan" in line)
    assert float(re.search(r"--> \S+s ([\d.]+)%", scan_line)[1]) > 20


@pytest.mark.slow
@needs_browser
def test_a_fused_loop_opens_by_the_keyboard(show):
    page = show(html(train()))
    page.locator(".box.loop").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert page.get_by_text("one element", exact=True).count() == 1


@pytest.mark.slow
@needs_browser
def test_hostile_names_are_read_and_not_run(show):
    name = "</script><script>document.title='broken'</script>\"'&"
    page = show(html(T.exp(T.dvector(name)), title=name))
    assert page.title() == name
    assert page.inner_text("h1") == name


@pytest.mark.slow
@needs_browser
@pytest.mark.parametrize("n", [500, 5_000])
def test_large_graphs_are_shown_and_moved(show, n):
    page = show(html(chain(n)))
    assert page.inner_text(".facts") == f"{2 * n} nodes"
    assert page.locator(".box").count() > 3
    page.click("#fit")
    page.keyboard.press("/")
    page.keyboard.type("exp")
    page.keyboard.press("Enter")
    assert page.inner_text("aside h3") == "exp"
    page.mouse.move(500, 400)
    page.mouse.wheel(0, 300)


def test_the_page_reads_nothing_from_elsewhere():
    text = html(train())
    assert not re.search(r'(?:src|href)=|url\("?(?!#)|@import|https?://(?!www\.w3\.org)', text)
    assert '"name":"as written"' in text
    assert '"name":"fuse"' in text


def test_passes_are_left_out_of_large_graphs_and_the_page_says_so(monkeypatch):
    from bitale_graph.drawing import writing

    monkeypatch.setattr(writing, "MOST_STEPS", 5)
    f = train()
    assert "what the rewriter did is left out" in html(f)
    assert '"name":"fuse"' in html(f, steps=True)
    assert '"steps":[]' in html(f, steps=False)
