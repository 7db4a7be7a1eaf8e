"""Applications that limit requests: a good release behind a good one is GO, a broken one is turned back.

Each counts in a file that outlives its process, as limits in a store or in a proxy do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.deploy.conftest import App

pytestmark = [pytest.mark.integration, pytest.mark.thorough]

SOURCE = '''\
import fcntl, http.server, json, os, time

MOST, SECONDS, SAYS, PER_PATH, PAGE = @MOST@, @SECONDS@, @SAYS@, @PER_PATH@, @PAGE@


def refused(path):
    """Seconds until this may be asked again, of a sliding window that refusals do not fill; 0: now."""
    with open(@COUNTS@, "a+") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        stream.seek(0)
        text, now = stream.read(), time.time()
        counts = json.loads(text) if text else {}
        seen = [at for at in counts.get(path if PER_PATH else "", []) if at > now - SECONDS]
        left = seen[0] + SECONDS - now if len(seen) >= MOST else 0
        counts[path if PER_PATH else ""] = seen if left else [*seen, now]
        stream.seek(0)
        stream.truncate()
        stream.write(json.dumps(counts))
        return left


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        left = refused(self.path)
        status = 429 if left else PAGE if self.path == "/page" else 200 if self.path in ("/", "/healthz") else 404
        body = json.dumps({"status": "ok", "release": os.environ["GONOGO_RELEASE"], "text": "hello"}).encode()
        self.send_response(status)
        if left and SAYS:
            self.send_header("Retry-After", str(int(left) + 1))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
'''


@dataclass(frozen=True, kw_only=True)
class Limit:
    """How often the application may be asked."""

    most: int
    seconds: float
    says: bool = False
    """Its refusals say when to come back."""
    per_path: bool = False


LIMITS = {
    "60 a minute": Limit(most=60, seconds=60),
    "20 a minute": Limit(most=7, seconds=21),
    "4 a path, which say when to come back": Limit(most=3, seconds=15, says=True, per_path=True),
}


def release(app: App, limit: Limit, *, page: int = 200) -> None:
    """Commit a release that answers ``/page`` with this status."""
    text = SOURCE.replace("@COUNTS@", repr(str(app.root.parent / "counts.json"))).replace("@PAGE@", str(page))
    for name in ("most", "seconds", "says", "per_path"):
        text = text.replace(f"@{name.upper()}@", repr(getattr(limit, name)))
    (app.root / "app.py").write_text(text)
    app.commit(f"page {page}")


def red_of(record: dict[str, Any]) -> list[str]:
    """The codes of checks that failed or could not be found out, in any gate of a run."""
    gates = [step["gate"] for step in record["steps"] if step["gate"] is not None]
    return [
        check["code"] for gate in gates for check in gate["checks"] if check["outcome"] in {"failed", "inconclusive"}
    ]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("limit", LIMITS.values(), ids=LIMITS)
def test_a_limit_on_requests_harms_no_release(app: App, limit: Limit) -> None:
    """Good → good: GO and nothing red, whether the limit counts by path or not and says when to come back or not."""
    release(app, limit)
    first, _ = app.deploy()
    release(app, limit)
    second, record = app.deploy()

    assert (first.code, second.code) == (0, 0), (first, second)
    assert red_of(record) == []


@pytest.mark.timeout(400)
def test_a_broken_release_behind_a_limit_is_turned_back(app: App) -> None:
    """The limit is waited for, so that the page's 500 is seen; what only the limit refused is a warning."""
    limit = LIMITS["20 a minute"]
    release(app, limit)
    first, _ = app.deploy()
    release(app, limit, page=500)
    second, record = app.deploy()

    assert first.code == 0, first
    assert second.code == 1, second
    assert record["ending"].startswith("REVERTED to ")
    assert [check["code"] for check in record["causes"]] == ["D09[GET /page]"]
