"""Whether this commit may be deployed here, and now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from zoneinfo import ZoneInfo

import pytest

from gonogo import git
from gonogo.config import Environment
from gonogo.config.calendar import freeze, window
from gonogo.gates.subject import Subject
from gonogo.host.runner import Host
from gonogo.plugins.evidence import Collected, InconclusiveError

__all__: list[str] = []

_REFS = "%(refname)"
_TAGS = "%(refname:strip=2) %(objecttype)"


@pytest.mark.predeploy(
    "P02",
    needs=("branches",),
    reads=("branches",),
    remedy="git push, or merge what is to be released into a branch of env.{env}.branches; git fetch where it is there",
)
def test_commit_is_of_an_allowed_branch(
    environment: Environment, subject: Subject, runner: Host, evidence: Collected
) -> None:
    """The commit is part of a branch that may be deployed here, as its remote has it where there is one.

    Catches the feature branch that was still checked out, and the commit that nobody else has: what serves then stands
    on one desk alone.
    """
    if not environment.branches:
        pytest.skip("no branches are configured")
    commit = _commit(subject, runner)
    has_remote = bool(_ask(subject, runner, "remote"))
    refs = _ask(
        subject, runner, "for-each-ref", f"--contains={commit}", f"--format={_REFS}", "refs/heads", "refs/remotes"
    )
    evidence.text("Branches that have it", ", ".join(refs) or "none")
    found = [_branch(ref) for ref in refs if not has_remote or ref.startswith("refs/remotes/")]
    right = [one for one in found if any(fnmatchcase(one, pattern) for pattern in environment.branches)]
    has_it = ", ".join(dict.fromkeys(map(_branch, refs))) or "no branch"
    wanted = f"{', '.join(environment.branches)}{' of a remote' if has_remote else ''}"
    assert right, f"{commit[:7]}: found it in {has_it}, expected it in one of {wanted}"


@pytest.mark.predeploy(
    "P03",
    needs=("release_tag",),
    reads=("release_tag",),
    remedy="git tag --annotate NAME, and push it: git push --follow-tags",
)
def test_release_has_its_tag(environment: Environment, subject: Subject, runner: Host, evidence: Collected) -> None:
    """The commit has an annotated tag of the kind that the environment asks for.

    Catches the release that nobody can name afterwards; a light tag does not say who made it, and when.
    """
    if environment.release_tag is None:
        pytest.skip("no release_tag is configured")
    commit = _commit(subject, runner)
    tags = _ask(subject, runner, "for-each-ref", f"--points-at={commit}", f"--format={_TAGS}", "refs/tags")
    evidence.text("Tags", ", ".join(tags) or "none")
    named = [one.rpartition(" ") for one in tags]
    right = [name for name, _, kind in named if kind == "tag" and fnmatchcase(name, environment.release_tag)]
    found = ", ".join(f"{name} ({'annotated' if kind == 'tag' else 'light'})" for name, _, kind in named)
    assert right, f"{commit[:7]}: found {found or 'no tag'}, expected an annotated one: {environment.release_tag}"


@pytest.mark.predeploy(
    "P40",
    needs=("window or freeze",),
    reads=("window", "freeze", "timezone"),
    remedy="Wait for the next window; what cannot wait: gonogo deploy --env {env} --hotfix",
)
def test_now_is_a_time_to_deploy(environment: Environment, subject: Subject, evidence: Collected) -> None:
    """Now is inside a window of the environment, and on no day on which nothing goes out.

    Catches the release on Friday evening, and the one that somebody forgot to hold back over the holidays. With
    `--hotfix` it warns.
    """
    if not environment.window and not environment.freeze:
        pytest.skip("neither window nor freeze is configured")
    now = datetime.now(UTC).astimezone(ZoneInfo(environment.timezone))
    shown = f"{now:%a %Y-%m-%d %H:%M} {environment.timezone}"
    evidence.text("Now", shown)
    frozen = next((one for one in environment.freeze if freeze(one).holds(now.date())), None)
    outside = bool(environment.window) and not any(window(one).holds(now) for one in environment.window)
    said = f"found {shown}, expected no day of {frozen}" if frozen is not None else ""
    said = said or (f"found {shown}, expected one of {', '.join(environment.window)}" if outside else "")
    if said and subject.hotfix:
        evidence.warn(f"{said}; deployed as a hotfix")
        return
    assert not said, said


def _commit(subject: Subject, runner: Host) -> str:
    """What is released, or what the checkout stands at."""
    return subject.release.commit if subject.release is not None else _ask(subject, runner, "rev-parse", "HEAD")[0]


def _ask(subject: Subject, runner: Host, *words: str) -> Sequence[str]:
    """Lines that git says in the checkout.

    Raises:
        InconclusiveError: it says nothing.
    """
    done = runner.run(git.ask(subject.checkout, *words), output_limit=None)
    if not done.ok:
        raise InconclusiveError(f"git {words[0]}: {done.errors.strip()[:200] or 'no answer'}")
    return done.output.split("\n")[:-1]


def _branch(ref: str) -> str:
    """The name of a branch, without its remote."""
    kind, name = ref.removeprefix("refs/").split("/", 1)
    return name.partition("/")[2] if kind == "remotes" else name
