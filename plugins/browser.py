"""A real browser, bound to the environment: for the configured pages (D19) and for the team's own flows.

Playwright is an extra; it drives its own Chromium where that is installed, else the system's.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import zipfile
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from gonogo.config import Environment
from gonogo.host.busy import patient
from gonogo.inspection.answers.browsing import Noticed, is_mixed
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected, InconclusiveError
from gonogo.runtimes.base import Inspector

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, Request, Response, ViewportSize

__all__ = [
    "PROGRAMS",
    "Browsing",
    "browsing",
    "chromium",
    "directed",
    "executable",
    "missing_browser",
    "page",
    "redact_archive",
]

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""What Chromium is called on a PATH."""
_NO_PLAYWRIGHT = 'found no playwright, expected it: pip install "gonogo[browser]"'
_NO_CHROMIUM = "found no Chromium, expected one: playwright install chromium, or install your system's"
_SIZE: ViewportSize = {"width": 1280, "height": 800}
_QUALITY = 60
_AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version} Safari/537.36 gonogo-check"
)
"""What Chromium says of itself, and that it asks for a check: logs and metrics know it by that."""
_CLIENT_ERROR = 400
_TIMEOUT = 15_000.0
"""Milliseconds for each action of a flow."""


@dataclass
class Browsing:
    """A page, and what the browser noticed on it."""

    page: Page
    noticed: list[Noticed] = field(default_factory=list)

    def watch(self) -> None:
        """Notes errors of the console, exceptions, requests that fail, answers from 400 on, mixed content."""
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self._note("exception", str(error), self.page.url))
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)
        self.page.on("request", self._asked)

    def _note(self, kind: str, text: str, where: str) -> None:
        self.noticed.append(Noticed(kind=kind, text=text, where=where))

    def _console(self, message: ConsoleMessage) -> None:
        about_answer = "Failed to load resource" in message.text  # the answer itself is noted, with its status
        if message.type == "error" and not about_answer:
            self._note("console", message.text, str(message.location.get("url", "")))

    def _failed(self, request: Request) -> None:
        said = request.failure or "failed"
        if "ERR_ABORTED" not in said:  # a page that navigates on aborts what it no longer needs
            self._note("request", f"{request.method} {said}", request.url)

    def _answered(self, response: Response) -> None:
        if response.status >= _CLIENT_ERROR:
            self._note("request", f"{response.request.method} answered {response.status}", response.url)

    def _asked(self, request: Request) -> None:
        if is_mixed(self.page.url, request.url):
            self._note("mixed content", f"{request.method} without encryption", request.url)


def executable(playwright: Playwright) -> str | None:
    """The Chromium to start: the one that ``GONOGO_CHROMIUM`` names, Playwright's own, else the system's."""
    named = os.environ.get("GONOGO_CHROMIUM")
    own = playwright.chromium.executable_path
    if named or Path(own).exists():
        return named or own
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


def missing_browser() -> str:
    """What keeps pages from being loaded here; empty when nothing does."""
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 (an extra)
    except ImportError:
        return _NO_PLAYWRIGHT
    with sync_playwright() as playwright:
        return "" if executable(playwright) else _NO_CHROMIUM


@pytest.fixture(scope="session")
def chromium(context: Context) -> Iterator[Browser]:
    """The browser of this process."""
    try:
        from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise InconclusiveError(_NO_PLAYWRIGHT) from error
    with sync_playwright() as playwright:
        program = executable(playwright)
        if program is None:
            raise InconclusiveError(_NO_CHROMIUM)
        try:
            browser = playwright.chromium.launch(executable_path=program, args=directed(context.environment))
        except Error as error:
            raise InconclusiveError(f"{program}: found no start ({str(error).splitlines()[0]})") from error
        yield browser
        browser.close()


def directed(environment: Environment) -> list[str]:
    """What sends Chromium where the environment's requests are sent."""
    url = environment.url or ""
    name, to = urlsplit(url).netloc, urlsplit(environment.reached(url)).netloc
    return [f"--host-resolver-rules=MAP {name} {to}"] if name != to else []


@pytest.fixture
def browsing(
    chromium: Browser, inspector: Inspector, context: Context, evidence: Collected, request: pytest.FixtureRequest
) -> Iterator[Browsing]:
    """A fresh page bound to the environment's URL, and what the browser notices on it."""
    url = inspector.url()
    if url is None:
        pytest.skip("the environment has no url")
    made = chromium.new_context(base_url=url, viewport=_SIZE, user_agent=_AGENT.format(version=chromium.version))
    made.set_default_timeout(patient(_TIMEOUT))
    made.tracing.start(screenshots=True, snapshots=True)
    found = Browsing(made.new_page())
    found.watch()
    request.node.stash[_OPEN] = _Open(found, evidence, _trace_path(request, context), context.redactor.text)
    yield found
    made.close()


@pytest.fixture
def page(browsing: Browsing) -> Page:
    """A browser's page bound to the environment's URL: ``page.goto("/login")``."""
    return browsing.page


@dataclass
class _Open:
    """What a check's page leaves as evidence before the check is judged."""

    browsing: Browsing
    evidence: Collected
    trace: Path
    redact: Callable[[str], str]

    def close(self, *, red: bool) -> None:
        """Attaches a screenshot; keeps the trace of a red check, redacted."""
        self.evidence.image("Screenshot", self.browsing.page.screenshot(type="jpeg", quality=_QUALITY))
        if not red:
            return
        self.trace.parent.mkdir(parents=True, exist_ok=True)
        self.browsing.page.context.tracing.stop(path=self.trace)
        redact_archive(self.trace, self.redact)
        self.evidence.text("Trace", f"playwright show-trace {self.trace}")


_OPEN = pytest.StashKey[_Open]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Whatever a check does with its page: it is shown as it was at the end."""
    try:
        yield
    except BaseException:
        _close(item, red=True)
        raise
    _close(item, red=False)


def _close(item: pytest.Item, *, red: bool) -> None:
    found = item.stash.get(_OPEN, None)
    if found is None:
        return
    try:
        found.close(red=red)
    except Exception as error:  # noqa: BLE001 (a page that cannot be shown is no verdict about it)
        found.evidence.text("Screenshot", f"could not be taken: {str(error).splitlines()[0] if str(error) else error}")


def _trace_path(request: pytest.FixtureRequest, context: Context) -> Path:
    """Where the wrapper says, named by its gate; else beside the gate's page, or in ``reports/``."""
    written = request.config.option.gonogo_traces or getattr(request.config.option, "htmlpath", None)
    page = Path(written).absolute() if written else context.project.root / "reports" / context.stages[0]
    name = re.sub(r"[^\w.-]+", "-", context.redactor.text(f"{request.path.stem}-{request.node.name}")).strip("-")
    return page.parent / f"trace-{page.name.removesuffix('.html').replace(' ', '-')}-{name[:100]}.zip"


def redact_archive(path: Path, redact: Callable[[str], str]) -> None:
    """Writes a trace again without the secrets in its texts: it holds headers and bodies."""
    clean = path.with_suffix(".tmp")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(clean, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            with contextlib.suppress(UnicodeDecodeError):  # an image, or compressed
                content = redact(content.decode()).encode()
            new.writestr(name, content)
    clean.replace(path)
