"""What the judged release brings that the serving one has not: commits, files, migrations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gonogo.errors import GonogoError
from gonogo.host.busy import patient
from gonogo.host.runner import this_machine
from gonogo.migrations import Layout, layout_of, tool_of
from gonogo.plugins.context import Context
from gonogo.plugins.source import Source
from gonogo.records.run_results import CommitLine
from gonogo.words import Role, Stage

__all__ = ["Changes", "changes"]

_MOST_COMMITS = 20
_MOST_FILES = 500
_SECONDS = 10.0
_FORMAT = "--format=%H %s"


@dataclass(frozen=True, kw_only=True)
class Changes:
    """The difference between two commits, as a person asks for it."""

    since: str
    """The commit of the release that serves, in short."""
    back: bool = False
    """The release goes back: the commits are those that it takes away."""
    commits: tuple[CommitLine, ...] = ()
    """The newest first."""
    more_commits: int = 0
    files: tuple[str, ...] = ()
    """``M app/main.py``, below the application's folder."""
    more_files: int = 0
    migrations: tuple[str, ...] = ()
    problem: str = ""
    """Why it is not known."""


def changes(context: Context) -> Changes | None:
    """What changed since the serving release; None where nothing is compared (no release serves, or it is judged)."""
    serving, release = context.subject.serving, context.subject.release
    if serving is None or serving.assumed or context.subject.role is Role.BASELINE:
        return None
    if release is None and context.stages != (Stage.PREDEPLOY,):
        return None
    source = Source(context.source_root, this_machine(timeout=patient(_SECONDS)), release=release)
    try:
        if source.commit == serving.commit:
            return None
        return _between(context, source, serving.commit)
    except GonogoError:
        return Changes(since=serving.short, problem=f"commit {serving.short} is not in this repository")


def _between(context: Context, source: Source, old: str) -> Changes:
    back = context.subject.role is Role.ROLLBACK
    first, last = (source.commit, old) if back else (old, source.commit)
    commits = source.git("log", _FORMAT, "--end-of-options", f"{first}..{last}").output.splitlines()
    files = list(_files(source.git("diff", "--name-status", "--no-renames", "--relative", "-z", first, last).output))
    layouts = tuple(_layouts(context, source))
    return Changes(
        since=old[:7],
        back=back,
        commits=tuple(_commit(line, context) for line in commits[:_MOST_COMMITS]),
        more_commits=max(len(commits) - _MOST_COMMITS, 0),
        files=tuple(f"{state} {path}" for state, path in files[:_MOST_FILES]),
        more_files=max(len(files) - _MOST_FILES, 0),
        migrations=tuple(f"{state} {path}" for state, path in files if any(one.holds(path) for one in layouts)),
    )


def _commit(line: str, context: Context) -> CommitLine:
    name, _, subject = line.partition(" ")
    return CommitLine(id=name, subject=context.redactor.text(subject))


def _files(output: str) -> Iterator[tuple[str, str]]:
    words = output.split("\0")
    yield from zip(words[0::2], words[1::2], strict=False)


def _layouts(context: Context, source: Source) -> Iterator[Layout]:
    """Where the revisions of the services stand."""
    for service in context.environment.service.values():
        if service.migrations != "none":
            own = context.environment.commands.get("migrate", ())
            yield layout_of(source.root, tool_of(service.migrations), service.migrations_config, own)
