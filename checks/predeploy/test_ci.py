"""Whether the commit's own checks elsewhere are green."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest

from gonogo import git
from gonogo.config import Ci, Environment
from gonogo.gates.subject import Subject
from gonogo.host.runner import Host
from gonogo.inspection.answers.addresses import is_loopback
from gonogo.inspection.answers.expectations import UnknownVariableError, fill
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected, InconclusiveError

if TYPE_CHECKING:
    import httpx

__all__: list[str] = []

_SECONDS = 15.0
_MOST_PAGES = 10
_VERSION = "2022-11-28"
_GREEN = frozenset({"success", "neutral", "skipped"})
_ORIGIN = re.compile(r"github\.com[:/](?P<name>[\w.-]+/[\w.-]+?)(?:\.git)?/?$")


@dataclass(frozen=True, slots=True)
class _Said:
    """One check or status of a commit, as GitHub has it."""

    name: str
    state: str


@pytest.mark.predeploy(
    "P04",
    needs=("ci",),
    reads=("ci",),
    remedy="Wait for the named checks, or mend what they found; look at them: gh run list --commit COMMIT",
)
def test_ci_is_green(
    environment: Environment, subject: Subject, context: Context, runner: Host, evidence: Collected
) -> None:
    """Every check that GitHub has of the commit ended well, or those that the environment names.

    Catches the commit whose tests were red, and the one that is deployed before they came to an end. What still runs in
    the very job that deploys is not waited for.

    No before and after: what is to be mended is said by the commit's own tests.
    """
    if environment.ci is None:
        pytest.skip("no ci is configured")
    commit = subject.release.commit if subject.release is not None else _ask(subject, runner, "rev-parse", "HEAD")
    said = sorted(_all(environment.ci, commit, subject, context, runner), key=lambda one: one.name)
    evidence.table("Of this commit", [(one.name, one.state) for one in said], header=("check", "state"))
    names = {one.name for one in said}
    missing = [name for name in environment.ci.required if name not in names]
    wanted = [one for one in said if not environment.ci.required or one.name in environment.ci.required]
    wrong = [f"{one.name}: found {one.state}" for one in wanted if one.state not in _GREEN]
    wrong += [f"{name}: found nothing" for name in missing]
    wrong += [] if said or missing else ["found no check and no status"]
    assert not wrong, f"{commit[:7]}: {'; '.join(wrong)}; expected success"


def _all(ci: Ci, commit: str, subject: Subject, context: Context, runner: Host) -> Iterator[_Said]:
    """What GitHub has of a commit, the newest of each name.

    Raises:
        InconclusiveError: it does not say.
    """
    path = f"/repos/{ci.repository or _origin(subject, runner)}/commits/{commit}"
    local = is_loopback(ci.api)
    import httpx  # noqa: PLC0415 (60 ms: only where something is asked)

    from gonogo.plugins.transport import trusted  # noqa: PLC0415 (it imports httpx)

    with httpx.Client(
        base_url=ci.api, timeout=_SECONDS, verify=trusted(), trust_env=not local, headers=_headers(ci, context)
    ) as client:
        runs = sorted(_listed(client, f"{path}/check-runs?per_page=100", "check_runs"), key=_started)
        for one in {str(run.get("name")): run for run in runs}.values():
            if one.get("conclusion") or not _is_own(one):
                yield _Said(str(one.get("name")), str(one.get("conclusion") or one.get("status") or "unknown"))
        for one in _listed(client, f"{path}/status?per_page=100", "statuses"):
            yield _Said(str(one.get("context")), str(one.get("state")))


def _started(run: Mapping[str, Any]) -> str:
    return str(run.get("started_at") or "")


def _is_own(run: Mapping[str, Any]) -> bool:
    """Whether it is of the workflow that asks."""
    own = os.environ.get("GITHUB_RUN_ID")
    return bool(own) and f"/runs/{own}/" in str(run.get("details_url") or "")


def _headers(ci: Ci, context: Context) -> dict[str, str]:
    headers = {
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
        "User-Agent": "gonogo-check",
    }
    try:
        token = fill(ci.token or "", {**os.environ, **context.variables})
    except UnknownVariableError as error:
        raise InconclusiveError(
            f"ci.token: ${{{error.name}}}: found no such variable, expected it in the env file or around gonogo"
        ) from error
    return headers | ({"Authorization": f"Bearer {token}"} if token else {})


def _listed(client: httpx.Client, path: str, key: str) -> Iterator[Mapping[str, Any]]:
    url: str | None = path
    for _ in range(_MOST_PAGES):
        if url is None:
            return
        answer = _answer(client, url)
        yield from answer.json().get(key, ())
        url = answer.links.get("next", {}).get("url")


def _answer(client: httpx.Client, url: str) -> httpx.Response:
    import httpx  # noqa: PLC0415 (as above)

    try:
        answer = client.get(url)
    except httpx.HTTPError as error:
        raise InconclusiveError(f"{client.base_url}: found no answer ({error or type(error).__name__})") from error
    if not answer.is_success:
        why = "; a private repository needs a token" if answer.status_code == HTTPStatus.NOT_FOUND else ""
        raise InconclusiveError(f"GET {answer.request.url}: found {answer.status_code}, expected what it has{why}")
    return answer


def _origin(subject: Subject, runner: Host) -> str:
    """The repository of the remote origin."""
    found = _ORIGIN.search(_ask(subject, runner, "remote", "get-url", "origin"))
    if found is None:
        raise InconclusiveError("ci.repository: found none, and no remote origin at github.com; expected owner/name")
    return found["name"]


def _ask(subject: Subject, runner: Host, *words: str) -> str:
    done = runner.run(git.ask(subject.checkout, *words))
    if not done.ok:
        raise InconclusiveError(f"git {words[0]}: {done.errors.strip()[:200] or 'no answer'}")
    return done.output.strip()
