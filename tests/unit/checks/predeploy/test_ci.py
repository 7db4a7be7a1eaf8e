"""P04 against a server that speaks GitHub's documented API."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from gonogo.words import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.gates import Gates, Repository

__all__: list[str] = []

ASKED = ("-m", "predeploy", "-k", "ci_is_green")


class Api(ThreadingHTTPServer):
    """GitHub, as far as commits are concerned."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.runs: list[dict[str, Any]] = []
        self.statuses: list[dict[str, str]] = []
        self.page = 100
        self.asked: list[str] = []

    def has(self, *runs: dict[str, Any], statuses: tuple[dict[str, str], ...] = ()) -> None:
        """What is known of every commit."""
        self.runs, self.statuses = list(runs), list(statuses)


class _Handler(BaseHTTPRequestHandler):
    server: Api

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.server.asked.append(parts.path)
        if self.headers.get("Authorization") != "Bearer s3cret-token-of-ci" or not parts.path.startswith(
            "/repos/acme/shop/"
        ):
            self._say(404, {"message": "Not Found"})
        elif parts.path.endswith("/status"):
            self._say(200, {"state": "any", "statuses": self.server.statuses})
        else:
            number, size = int(parse_qs(parts.query).get("page", ["1"])[0]), self.server.page
            more = number * size < len(self.server.runs)
            link = f'<{self.server.url}{parts.path}?page={number + 1}>; rel="next"' if more else ""
            self._say(200, {"check_runs": self.server.runs[(number - 1) * size : number * size]}, link)

    def _say(self, status: int, document: object, link: str = "") -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if link:
            self.send_header("Link", link)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def api() -> Iterator[Api]:
    """GitHub, on loopback."""
    server = Api()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(10)


def run(name: str, conclusion: str | None, *, at: str = "2026-11-29T10:00:00Z", job: str = "1") -> dict[str, Any]:
    """One check run of a commit."""
    status = "completed" if conclusion else "in_progress"
    url = f"https://github.com/acme/shop/actions/runs/{job}/job/7"
    return {"name": name, "status": status, "conclusion": conclusion, "started_at": at, "details_url": url}


def configured(api: Api, repository: Repository, *, more: str = "", named: str = 'repository = "acme/shop"\n') -> Path:
    """A repository whose commits that server knows."""
    ci = f'[env.test.ci]\n{named}api = "{api.url}"\ntoken = "${{CI_TOKEN}}"\n{more}'
    return repository({"gonogo.toml": repository.process + ci, ".gitignore": ".env\n"})


def asked(gate: Gates, root: Path, **environ: str) -> tuple[Outcome, str]:
    """What P04 says."""
    found = gate(root, *ASKED, environ={"CI_TOKEN": "s3cret-token-of-ci", **environ}).check("P04")
    return found.outcome, found.found


def test_what_is_red_or_runs_still_is_red(api: Api, repository: Repository, gate: Gates) -> None:
    """Checks and statuses, over several pages; what was left out or says nothing is green."""
    root = configured(api, repository)
    commit = repository.git(root, "rev-parse", "HEAD").strip()
    api.page = 1
    api.has(run("tests", "success"), run("lint", "skipped"), run("docs", "neutral"))
    well = asked(gate, root)
    first = set(api.asked)
    api.has(run("lint", "failure"), run("tests", None), statuses=({"context": "deploy/preview", "state": "pending"},))
    red = asked(gate, root)
    api.has()
    none = asked(gate, root)

    assert well == (Outcome.PASSED, "")
    assert first == {f"/repos/acme/shop/commits/{commit}/{last}" for last in ("check-runs", "status")}
    assert red == (
        Outcome.FAILED,
        f"{commit[:7]}: deploy/preview: found pending; lint: found failure; tests: found in_progress; expected success",
    )
    assert none == (Outcome.FAILED, f"{commit[:7]}: found no check and no status; expected success")


def test_the_job_that_deploys_is_not_waited_for(api: Api, repository: Repository, gate: Gates) -> None:
    """What runs in the workflow that asks is not judged; of one name the newest counts."""
    root = configured(api, repository)
    api.has(
        run("tests", "success", job="42"),
        run("deploy", None, at="2026-11-29T12:00:00Z", job="42"),
        run("deploy", "failure", at="2026-11-29T11:00:00Z", job="41"),
    )

    assert asked(gate, root, GITHUB_RUN_ID="42") == (Outcome.PASSED, "")
    assert asked(gate, root)[0] is Outcome.FAILED


def test_required_checks_alone_count(api: Api, repository: Repository, gate: Gates) -> None:
    """Another one may be red; one that is not there is not green. The repository is the remote's where none is named."""
    root = configured(api, repository, more='required = ["tests", "build"]\n', named="")
    commit = repository.git(root, "rev-parse", "HEAD")[:7]
    repository.git(root, "remote", "add", "origin", "git@github.com:acme/shop.git")
    api.has(run("tests", "success"), run("nightly", "failure"))
    missing = asked(gate, root)
    api.has(run("tests", "success"), run("nightly", "failure"), run("build", "success"))

    assert missing == (Outcome.FAILED, f"{commit}: build: found nothing; expected success")
    assert asked(gate, root) == (Outcome.PASSED, "")


def test_what_github_does_not_say_is_inconclusive(api: Api, repository: Repository, gate: Gates) -> None:
    """A wrong token, no token, no repository, no answer: nobody knows whether the commit is green."""
    root = configured(api, repository, named="")
    nowhere = asked(gate, root)
    repository.git(root, "remote", "add", "origin", "https://github.com/acme/shop")
    commit = repository.git(root, "rev-parse", "HEAD").strip()
    wrong = asked(gate, root, CI_TOKEN="another-token-of-ci")
    unset = gate(root, *ASKED).check("P04")
    api.server_close()
    away = asked(gate, root)

    assert nowhere == (Outcome.INCONCLUSIVE, "git remote: error: No such remote 'origin'")
    assert wrong == (
        Outcome.INCONCLUSIVE,
        f"GET {api.url}/repos/acme/shop/commits/{commit}/check-runs?per_page=100: found 404, expected what it has; a "
        "private repository needs a token",
    )
    assert (unset.outcome, unset.found) == (
        Outcome.INCONCLUSIVE,
        "ci.token: ${CI_TOKEN}: found no such variable, expected it in the env file or around gonogo",
    )
    assert away[0] is Outcome.INCONCLUSIVE
    assert away[1].startswith(f"{api.url}: found no answer (")
