"""A first check of the team's own, and the proof that it can go red."""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from gonogo.detect.facts import Found
from gonogo.errors import GonogoError
from gonogo.gates.process import gate_argv, gate_environment
from gonogo.host.runner import Command, Host
from gonogo.records.results import CheckResult, read_gate
from gonogo.words import CONFIG_NAME, Outcome

__all__ = ["NAME", "first_check", "prove"]

NAME = "checks/test_first.py"
_SECONDS = 60.0
_CHECK = '''\
"""The team's own checks: what gonogo cannot know of this application."""

from __future__ import annotations

import pytest

PAGES = @PAGES@
ERROR_PAGES = ("Traceback (most recent call last)", "Internal Server Error", "502 Bad Gateway", "OperationalError")


@pytest.mark.postdeploy("S01", remedy="Open the page, and read the log of that moment: gonogo status --env {env}")
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_no_error_page(http, evidence, path):
    """A page answers, and what it says is not an error's text.

    Catches an error page that a proxy or a handler sends with status 200. `gonogo init` wrote this as a beginning and
    saw it go red; put in its place what your visitors come for: a price, a search, a login.
    """
    answer = http.get(path, follow_redirects=True)
    evidence.text(f"GET {path}", f"{answer.status_code}\\n{answer.text[:2000]}")
    assert answer.status_code < 400, f"{path}: found {answer.status_code}, expected a page"
    said = [text for text in ERROR_PAGES if text in answer.text]
    assert not said, f"{path}: found {said[0]!r} in the answer, expected a page"
'''
_TOML = """\
[app]
name = "proof"

[service.web]
command = "true"

[env.proof]
tier = "dev"
runtime = "process"
project = "proof"
url = "http://127.0.0.1:{port}"
attempts = 1
"""


def first_check(found: Found) -> str:
    """The text of the first check; it asks the pages that are known to answer without a login. Empty where none is."""
    pages = [page.path for page in found.pages]
    live = [found.live.value] if found.live is not None else []
    paths = list(dict.fromkeys([*pages, *live]))
    return _CHECK.replace("@PAGES@", json.dumps(paths)) if paths else ""


def prove(text: str, host: Host) -> str:
    """Asks the check of a server that answers well and of one that sends an error page; says what is wrong, or nothing.

    It must be green with the first and red with the second, by its own assertion.
    """
    good = _outcomes(text, host, body="<title>Welcome</title>")
    bad = _outcomes(text, host, body="Traceback (most recent call last)")
    if not good or any(one.outcome is not Outcome.PASSED for one in good):
        return f"it is not green where a page answers well: {_why(good)}"
    if not bad or any(one.outcome is not Outcome.FAILED for one in bad):
        return f"it does not go red where an error page answers: {_why(bad)}"
    return ""


def _why(found: list[CheckResult]) -> str:
    return "; ".join(f"{one.outcome} {one.found}".strip() for one in found) or "nothing was asked"


def _outcomes(text: str, host: Host, *, body: str) -> list[CheckResult]:
    """Asks the gate itself, in a project of its own, of a server on loopback."""
    with _serving(body) as port, tempfile.TemporaryDirectory(prefix="gonogo-init-") as name:
        folder = Path(name)
        (folder / "checks").mkdir()
        (folder / NAME).write_text(text, encoding="utf-8")
        (folder / CONFIG_NAME).write_text(_TOML.format(port=port), encoding="utf-8")
        results = folder / "results.json"
        arguments = ("-m", "postdeploy", "--gonogo-env=proof", f"--gonogo-results={results}", "-q", "-k", "test_first")
        argv = gate_argv(folder, arguments=arguments)
        command = Command(argv=argv, cwd=str(folder), env=gate_environment(), timeout=_SECONDS)
        answer = host.run(command)
        found = read_gate(results)
        if found is None:
            raise GonogoError(f"the first check could not be asked: {answer.output.strip()[-400:]}")
        return [one for one in found.checks if (one.code or "").startswith("S01")]


@contextmanager
def _serving(body: str) -> Iterator[int]:
    """A server on a free port of loopback that answers everything with one text."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = body.encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
