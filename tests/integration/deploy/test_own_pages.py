"""Our own pages in a real Chromium: a red gate's, the record of its run, the history."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.support.chromium import need_chromium

from .conftest import App
from .rich import Rich, deploy_and_turn_back

pytestmark = pytest.mark.integration

NAMES = ("gate", "record", "history")
WIDTHS = (360, 1600)
ROW = "details.check:not([hidden])"
FOCUSABLE = "a[href], summary, input, select, button, [tabindex]"
SEEN = """(() => {
  const element = document.activeElement, style = getComputedStyle(element), box = element.getBoundingClientRect();
  element.dataset.reached = "yes";
  return {
    name: element.tagName + ": " + (element.ariaLabel || element.textContent || element.id).trim().slice(0, 60),
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    inSight: box.bottom > 0 && box.top < innerHeight && box.width > 0,
  };
})()"""
LEFT = """selector => [...document.querySelectorAll(selector)]
  .filter(one => one.checkVisibility({contentVisibilityAuto: false}) && !one.disabled && !one.dataset.reached)
  .map(one => one.tagName + ": " + one.textContent.trim().slice(0, 60))"""


HEIGHTS = """selector => [...document.querySelectorAll(selector)].map(one => {
  const text = document.createRange();
  text.selectNodeContents(one);
  return text.getBoundingClientRect().height;
})"""


@dataclass(frozen=True)
class Opened:
    """A page that a browser shows, and what it complained of."""

    page: Page
    address: str
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Note every request, message and mistake."""
        noted: dict[Any, Callable[[Any], None]] = {
            "request": lambda request: self.asked.append(request.url),
            "console": lambda message: self.said.append(message.text),
            "pageerror": lambda error: self.said.append(str(error)),
        }
        for event, note in noted.items():
            self.page.on(event, note)
        yield
        for event, note in noted.items():
            self.page.remove_listener(event, note)

    def shown(self) -> list[str | None]:
        """The outcomes of the checks that are shown."""
        return [row.get_attribute("data-outcome") for row in self.page.locator(ROW).all()]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all."""
    program = need_chromium()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program)
        yield started
        started.close()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """One application for all."""
    made = App(tmp_path_factory.mktemp("rich"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def rich(app: App) -> Rich:
    """Two real deployments, the second turned back."""
    return deploy_and_turn_back(app)


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Page]:
    """Shows one page after the other."""
    page = browser.new_page()
    yield page
    page.close()


@pytest.fixture
def load(tab: Page, rich: Rich) -> Callable[[str], Opened]:
    """Loads a page as it is on a desk, by day."""

    def loaded(name: str) -> Opened:
        path: Path = getattr(rich, name)
        tab.set_viewport_size({"width": 1280, "height": 800})
        tab.emulate_media(media="screen", color_scheme="light")
        found = Opened(tab, path.as_uri())
        with found.watched():
            tab.goto(found.address)
        return found

    return loaded


@pytest.fixture(params=NAMES)
def one(request: pytest.FixtureRequest, load: Callable[[str], Opened]) -> Opened:
    """Each page in turn."""
    return load(request.param)


@pytest.fixture
def gate(load: Callable[[str], Opened]) -> Opened:
    """The red gate's."""
    return load("gate")


def test_record_and_history_tell_what_happened(app: App, rich: Rich) -> None:
    """The record names the commits, the steps, the downtime and both figures of an endpoint; the history links to it."""
    page, history = (path.read_text(encoding="utf-8") for path in (rich.record, rich.history))
    read: Any = text_string_to_metric_families
    families = {family.name: family for family in read(rich.metrics.read_text("utf-8"))}
    record = rich.red

    assert [step["started"] is not None for step in record["steps"]] == [True] * len(record["steps"])
    assert sum(span["requests"] for span in record["probed"]) == record["downtime"]["requests"]
    assert record["commits"][0]["id"] == record["commit"]
    for words in (
        "REVERTED to",
        "D09[GET /page]",
        "Commits since the release that served",
        "Measured, against its limit",
    ):
        assert words in page
    assert f'href="test/{record["run"]}/index.html"' in history
    assert rich.history == app.root / "reports" / "index.html"
    assert sum(sample.value for sample in families["gonogo_runs"].samples) == 2
    assert rich.said["figures"][0]["failed_share"] == 0.5
    assert "failed after a change   1 of 2 (50 %)" in app.gonogo("history").err
    assert app.git("status", "--porcelain") == ""


def test_page_asks_for_nothing_and_complains_of_nothing(one: Opened) -> None:
    """The one request is for the page itself; no script of what was attached has run."""
    assert one.asked == [one.address]
    assert one.said == []
    assert one.page.title() != "1"


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_window(one: Opened, width: int) -> None:
    """On a phone and on a wide desk, with every fold open; what is wide scrolls in a frame of its own."""
    one.page.set_viewport_size({"width": width, "height": 800})
    one.page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")

    assert one.page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("width", WIDTHS)
def test_a_passed_row_takes_one_line(gate: Opened, width: int) -> None:
    """On a phone too; below the list each name of a fact stands whole, on a line of its own."""
    gate.page.set_viewport_size({"width": width, "height": 800})
    passed = 'details.check[data-outcome="passed"] > .row > .name'
    rows, names = (gate.page.evaluate(HEIGHTS, each) for each in (passed, "#environment td:first-child"))

    assert len(rows) > 3
    assert all(0 < height < 30 for height in (*rows, *names)), (rows, names)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(one: Opened, scheme: Any) -> None:
    """Contrast, names, labels, roles: as far as a program can tell, with every fold open."""
    one.page.emulate_media(color_scheme=scheme)
    one.page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    found = Axe().run(one.page, options={"resultTypes": ["violations"]}).response["violations"]

    assert [
        (rule["id"], node["html"][:200], node["failureSummary"])
        for rule in found
        if rule["impact"] in {"serious", "critical"}
        for node in rule["nodes"]
    ] == []
    assert one.page.evaluate("getComputedStyle(document.body).backgroundColor") == (
        "rgb(20, 24, 31)" if scheme == "dark" else "rgb(255, 255, 255)"
    )


def test_everything_is_reached_and_seen_by_keyboard(one: Opened) -> None:
    """Tab comes to every link, fold, field and frame that scrolls; each shows that it is the one."""
    stops = int(one.page.evaluate("selector => document.querySelectorAll(selector).length", FOCUSABLE))
    seen = []
    for _ in range(stops + 5):
        one.page.keyboard.press("Tab")
        if one.page.evaluate("document.activeElement === document.body || document.activeElement.dataset.reached"):
            break
        seen.append(one.page.evaluate(SEEN))

    assert len(seen) > 3
    assert [stop["name"] for stop in seen if not stop["outlined"] or not stop["inSight"]] == []
    assert one.page.evaluate(LEFT, FOCUSABLE) == []


@pytest.mark.parametrize("key", ["Enter", "Space"])
@pytest.mark.parametrize("name", ["gate", "record"])
def test_fold_opens_and_closes_by_keyboard(load: Callable[[str], Opened], name: str, key: str) -> None:
    """What is folded is shown by either key, and folded again by the same; the focus stays."""
    one = load(name)
    summary = one.page.locator("details:visible:not([open]) > summary").first.element_handle()
    assert summary is not None
    summary.focus()
    opens = []
    for _ in range(2):
        one.page.keyboard.press(key)
        opens.append(
            summary.evaluate(
                "one => [one.parentElement.open, one.nextElementSibling.checkVisibility(), one.matches(':focus')]"
            )
        )

    assert opens == [[True, True, True], [False, False, True]]


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_checks_are_filtered_by_their_outcome(gate: Opened, by: str) -> None:
    """Each box hides its checks and shows them again; the page says how many are left."""
    whole = gate.shown()

    assert set(whole) == {"failed", "inconclusive", "warned", "passed", "skipped"}
    for outcome in dict.fromkeys(whole):
        box = gate.page.locator(f"#filters input[data-outcome={outcome}]")
        rest = [other for other in whole if other != outcome]
        for expected in (rest, whole):
            if by == "mouse":
                gate.page.locator("#filters label").filter(has=gate.page.locator(f"[data-outcome={outcome}]")).click()
            else:
                box.press("Space")
            assert gate.shown() == expected
            assert gate.page.locator("#shown").inner_text() == f"{len(expected)} of {len(whole)} checks"


def test_all_checks_unfold_and_fold(gate: Opened) -> None:
    """Those that are shown; the red ones were unfolded from the start."""
    rows = "[...document.querySelectorAll('details.check')].filter(row => row.open).map(row => row.dataset.outcome)"
    first = gate.page.evaluate(rows)
    gate.page.get_by_role("button", name="unfold all").press("Enter")
    unfolded = gate.page.evaluate(rows)
    gate.page.get_by_role("button", name="fold all", exact=True).click()

    assert set(first) == {"failed", "inconclusive"}
    assert unfolded == gate.shown()
    assert gate.page.evaluate(rows) == []


def test_runs_are_filtered_by_their_ending(load: Callable[[str], Opened]) -> None:
    """By a choice and by words, with the keyboard alone."""
    page = load("history").page
    rows = page.locator("tr[data-env]:visible")
    page.get_by_label("ending").focus()
    page.keyboard.type("REVERTED")
    reverted = rows.count()
    page.keyboard.press("Home")
    page.get_by_label("text").type("first deploy")

    assert reverted == 1
    assert rows.count() == 1
    assert page.get_by_role("status").inner_text() == "1 of 2 runs"
    page.get_by_label("text").fill("")
    assert rows.count() == 2


def test_gate_says_what_changed_since_the_serving_release(gate: Opened) -> None:
    """Above the checks: the commits as text, the files."""
    changed = gate.page.locator(".changes")
    changed.get_by_text("Files", exact=True).click()

    assert "2 commits, 2 files" in changed.locator("summary").first.inner_text()
    assert "Say good bye in <b>bold</b>" in changed.inner_text()
    assert "M app.py\nA notes.txt" in changed.inner_text()


def test_print_shows_what_is_folded(one: Opened) -> None:
    """On paper nobody unfolds, and nobody scrolls: nothing is wider than the sheet."""
    one.page.emulate_media(media="print")
    one.page.set_viewport_size({"width": 720, "height": 1000})
    folded = "[...document.querySelectorAll('details:not([open])')]"
    bodies = f"{folded}.flatMap(fold => [...fold.children].slice(1))"
    hidden = f"{bodies}.filter(body => !body.checkVisibility({{contentVisibilityAuto: true}})).map(body => body.outerHTML.slice(0, 80))"

    assert one.page.evaluate(hidden) == []
    assert one.page.evaluate("document.documentElement.scrollWidth") == 720
    assert one.page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
