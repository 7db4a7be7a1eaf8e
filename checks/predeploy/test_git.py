"""Whether the release is a commit."""

from __future__ import annotations

import pytest

from gonogo.config import Environment
from gonogo.gates.subject import Subject
from gonogo.host.runner import Host
from gonogo.inspection.code import presence
from gonogo.inspection.code.desk import sort_out
from gonogo.plugins.evidence import Collected
from gonogo.plugins.runtime_facts import Rendered, written_by_services
from gonogo.plugins.source import Source

__all__: list[str] = []


@pytest.mark.predeploy(
    "P01",
    remedy="git status; commit what belongs to the release, and deploy that commit",
)
def test_the_release_is_a_commit(
    subject: Subject, runner: Host, request: pytest.FixtureRequest, evidence: Collected
) -> None:
    """What is built is a commit's own files; uncommitted changes of the checkout stay behind, and are listed.

    Catches the hot fix that works on the desk and was never committed: it is not part of the release. Logs, and what
    services write into a folder that is mounted for it, are named and warn of nothing.

    Before (shell):

        $ git status --short
         M app/prices.py

    After (shell):

        git commit --message "Round prices up" app/prices.py
    """
    checkout = Source(subject.checkout, runner)
    assert checkout.is_repository, f"{subject.checkout}: found no git repository, expected one (git init, git commit)"
    status = checkout.status
    commit = subject.release.commit if subject.release is not None else status.commit
    assert commit, f"{subject.checkout}: found a git repository without a commit, expected one to release"
    evidence.text("Commit", f"{commit} {checkout.subject_of(commit)}")
    written = _written(request) if status.entries else ()
    desk = sort_out(status.entries, written=written, tracked=checkout.tracked if written else ())
    evidence.table("Stays behind", desk.behind)
    if desk.aside:
        evidence.table("Untracked, and no part of any release", desk.aside)
    if desk.behind:
        noun = "change stays" if len(desk.behind) == 1 else "changes stay"
        listed = presence.first([entry.path for entry in desk.behind])
        evidence.warn(f"{len(desk.behind)} uncommitted {noun} behind; {commit[:7]} is released without: {listed}")


def _written(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """What services mount to write to, as paths of the repository, and where a proxy is told its release.

    Nothing where no service is a container.
    """
    environment: Environment = request.getfixturevalue("environment")
    if not environment.has("compose files"):
        return ()
    rendered: Rendered = request.getfixturevalue("rendered")
    subject: Subject = request.getfixturevalue("subject")
    told = (
        (subject.path / environment.traffic.folder).resolve()
        if environment.traffic and environment.traffic.folder
        else None
    )
    ours = (told.relative_to(subject.checkout),) if told is not None and told.is_relative_to(subject.checkout) else ()
    roots = (subject.root, subject.checkout, subject.path)
    return (*written_by_services(rendered.model, roots=roots), *(path.as_posix() for path in ours))
