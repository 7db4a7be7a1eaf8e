"""Whether the release is a commit."""

from __future__ import annotations

import pytest

from gonogo.host import LocalHost
from gonogo.inspection import presence
from gonogo.plugins.evidence import Collected
from gonogo.plugins.source import Source
from gonogo.subject import Subject

__all__: list[str] = []


@pytest.mark.predeploy(
    "P01",
    remedy="git status; commit what belongs to the release, and deploy that commit",
)
def test_the_release_is_a_commit(subject: Subject, runner: LocalHost, evidence: Collected) -> None:
    """What is built is a worktree at a commit; uncommitted changes of the checkout stay behind, and are listed.

    Catches the hot fix that works on the desk and was never committed: it is not part of the release.
    """
    checkout = Source(subject.checkout, runner)
    assert checkout.is_repository, f"{subject.checkout}: found no git repository, expected one (git init, git commit)"
    status = checkout.status
    commit = subject.release.commit if subject.release is not None else status.commit
    assert commit, f"{subject.checkout}: found a git repository without a commit, expected one to release"
    evidence.text("Commit", f"{commit} {checkout.subject_of(commit)}")
    evidence.table("Stays behind", status.entries)
    if status.entries:
        noun = "change stays" if len(status.entries) == 1 else "changes stay"
        listed = presence.first([entry.path for entry in status.entries])
        evidence.warn(f"{len(status.entries)} uncommitted {noun} behind; {commit[:7]} is released without: {listed}")
