"""Whether this commit may be deployed here, and now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from zoneinfo import ZoneInfo

import pytest

from gonogo import git
from gonogo.config import Environment, Project
from gonogo.config.calendar import freeze, window
from gonogo.gates.subject import Subject
from gonogo.host.runner import Host
from gonogo.inspection.answers.compared import spoken
from gonogo.plugins.evidence import Collected, InconclusiveError
from gonogo.records.served import Served, records_of, stretches
from gonogo.state.store import state_of

__all__: list[str] = []

_REFS = "%(refname)"
_SHOWN = 10
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

    Before (shell):

        $ git branch --remotes --contains HEAD
          origin/feature/prices

    After (shell, once it is merged):

        $ git branch --remotes --contains HEAD
          origin/main
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

    Before (shell):

        git tag v1.4.0

    After (shell):

        git tag --annotate v1.4.0 --message "Prices per bed"
        git push --follow-tags
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

    No before and after: the next window mends it.
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


@pytest.mark.predeploy(
    "P41",
    needs=("promote",),
    reads=("promote",),
    remedy="Deploy it there first, and wait; what cannot wait: gonogo deploy --env {env} --hotfix",
)
def test_commit_has_served_where_it_comes_from(
    project: Project, environment: Environment, subject: Subject, runner: Host, evidence: Collected
) -> None:
    """The commit, or another one with the same files, went GO in the environment before this one, and stayed.

    Catches the release that skipped staging, and the one that was promoted an hour before it was turned back there.
    With `--hotfix` it warns; a rollback never asks.

    Before (shell):

        gonogo deploy --env prod --ref v1.4.0

    After (shell):

        gonogo deploy --env staging --ref v1.4.0
        gonogo deploy --env prod --ref v1.4.0
    """
    if environment.promote is None:
        pytest.skip("no promote is configured")
    source, after = environment.promote.from_, timedelta(seconds=environment.promote.after)
    commit, now = _commit(subject, runner), datetime.now(UTC)
    state = state_of(_at_the_desk(project, subject), project.environments[source])
    served = stretches(reversed([*records_of(state)]))
    evidence.table(f"What served {source}", map(_row, served[-_SHOWN:]), header=("release", "since", "until"))
    files = _files(subject, runner, commit)
    same = [one for one in served if one.commit == commit or (files and _files(subject, runner, one.commit) == files)]
    longest = max(same, key=lambda one: one.lasted(now), default=None)
    turned_back = next((bad for one in same if (kept := state.load(one.release)) and (bad := kept.bad)), "")
    wanted = f"expected it to serve there for {spoken(after.total_seconds())} before"
    said = ""
    if longest is None:
        there = f"where {served[-1].commit[:7]} served last" if served else f"of which {state.root} knows no GO"
        said = f"{commit[:7]} never went GO in {source}, {there}; {wanted}"
    elif turned_back:
        said = f"{commit[:7]} was turned back in {source} ({turned_back}); {wanted}"
    elif longest.lasted(now) < after:
        until = f", until {longest.until:%Y-%m-%d %H:%M} UTC" if longest.until else " until now"
        said = f"{commit[:7]} served {source} for {spoken(longest.lasted(now).total_seconds())}{until}; {wanted}"
    if said and subject.hotfix:
        evidence.warn(f"{said}; deployed as a hotfix")
        return
    assert not said, said


def _at_the_desk(project: Project, subject: Subject) -> Project:
    """The configuration as it stands in the checkout: paths in it are meant from there."""
    release = subject.release
    if release is None or not project.root.is_relative_to(release.worktree):
        return project
    return project.model_copy(update={"root": subject.checkout / project.root.relative_to(release.worktree)})


def _row(one: Served) -> tuple[str, str, str]:
    return one.release, f"{one.since:%Y-%m-%d %H:%M}", f"{one.until:%Y-%m-%d %H:%M}" if one.until else "now"


def _files(subject: Subject, runner: Host, commit: str) -> str:
    """What names the files of a commit; nothing for one that is not known here."""
    done = runner.run(git.ask(subject.checkout, "rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}"))
    return done.output.strip() if done.ok else ""


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
