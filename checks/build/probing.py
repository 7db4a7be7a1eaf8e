"""What the checks of artifacts and instances share: the release's own source, and how a probe is asked."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gonogo import git
from gonogo.config import Service
from gonogo.errors import CommandError, last_words
from gonogo.host.runner import Completed, this_machine
from gonogo.inspection.code import bytecode
from gonogo.inspection.code.contents import FileDigest, is_cache, map_paths
from gonogo.inspection.code.gittree import parse_ls_tree
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected, InconclusiveError, LateError
from gonogo.plugins.source import Source
from gonogo.runtimes.base import Inside

__all__ = [
    "altered",
    "ask",
    "code_roots",
    "importing",
    "judge_bytecode",
    "marked",
    "needs_python",
    "released",
    "target_path",
]

_NOT_FOUND = (126, 127)
_LINES = 8


def released(context: Context) -> Source:
    """The release's own source: never the checkout, and in a baseline not the candidate's."""
    release = context.subject.release
    if release is None:
        pytest.skip("no release is recorded for this environment")
    if release.assumed:
        pytest.skip("adopted: what it was built from is not known")
    runner = this_machine(timeout=context.bound)
    return Source(release.source_root(context.project.app.root), runner, release=release)


def altered(
    context: Context, code: Mapping[str, str], *, is_own: Callable[[str, FileDigest], bool] = lambda *_: False
) -> list[str]:
    """What in the release's own source is no longer the commit's, one line each; ``is_own``: the instance wrote it.

    Raises:
        CommandError: an older gonogo made it, without a list of its files, and git failed.
    """
    source = released(context)
    kept = source.kept
    if kept is not None:
        wanted = [path for path in map_paths(kept, code) if kept[path].link is None]
        lost = [path for path in wanted if path not in source.manifest]
        changed = [path for path in wanted if path not in lost and not kept[path].same_content(source.manifest[path])]
    else:
        changed, lost = _altered_worktree(source, code)
    changed = [path for path in changed if path not in source.manifest or not is_own(path, source.manifest[path])]
    changed, lost = ([path for path in paths if not is_cache(path)] for paths in (changed, lost))
    said = f"expected what commit {source.commit:.7} has"
    return [
        *(f"{source.root / path}: found another content, {said}" for path in changed),
        *(f"{source.root / path}: found nothing, {said}" for path in lost),
    ]


def _altered_worktree(source: Source, code: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Which files of a checkout's worktree changed, and which are lost; git's index is not trusted for it."""
    entries = parse_ls_tree(source.git("ls-tree", "-r", "-z", source.commit).output)
    mapped = map_paths((entry.path for entry in entries), code)
    wanted = [one for one in entries if one.path in mapped and not one.is_symlink and not one.is_submodule]
    lost = [one.path for one in wanted if not (source.root / one.path).is_file()]
    there = [one for one in wanted if one.path not in lost and "\n" not in one.path]
    prefix = source.git("rev-parse", "--show-prefix").output.removesuffix("\n")
    top = Path(source.git("rev-parse", "--show-toplevel").output.removesuffix("\n"))
    command = replace(
        git.ask(top, "hash-object", "--stdin-paths"),  # git reads the paths from there
        stdin="".join(f"{prefix}{one.path}\n" for one in there).encode(errors="surrogateescape"),
    )
    hashes = this_machine().run(command, output_limit=None).require().output.split()
    return [one.path for one, found in zip(there, hashes, strict=True) if one.sha != found], lost


def code_roots(code: Mapping[str, str], tracked: Collection[str]) -> tuple[str, ...]:
    """Where bytecode of the mapped code may stand: mapped folders, and the folders of mapped Python files.

    Of code that lies in ``/`` itself (a Dockerfile without WORKDIR) only its own folders: the rest is the system's.
    """
    folders: list[str] = []
    for here, there in code.items():
        if here not in tracked:
            root = posixpath.normpath(there)
            folders += [root] if root != "/" else [f"/{name}" for name in _folders_of_python(here, tracked)]
        elif here.endswith(".py"):
            folders.append(posixpath.dirname(posixpath.normpath(there)))
    return tuple(dict.fromkeys(folders))


def _folders_of_python(here: str, tracked: Collection[str]) -> list[str]:
    """The folders right below a folder of the application that have Python files in them."""
    paths = (posixpath.relpath(path, here) for path in tracked if path.endswith(".py"))
    return sorted({path.partition("/")[0] for path in paths if "/" in path and not path.startswith("../")})


def target_path(path: str, code: Mapping[str, str]) -> str:
    """Where a path of the repository stands in the target; as it is, where nothing maps it."""
    return map_paths([path], code).get(path, path)


def needs_python(service: Service) -> bool:
    """Whether the configuration says that this service is a Python application."""
    return service.framework != "none" or service.entrypoint is not None or service.migrations != "none"


def importing(inside: Inside, service: Service) -> Inside:
    """Where the entry point of a service is imported."""
    return inside.importing(service.entrypoint or "", service.chdir or "")


def ask(inside: Inside, service: Service, script: str, *args: str, isolated: bool) -> Completed:
    """Runs a probe; skips where there is no Python and none is expected.

    Raises:
        InconclusiveError: the probe could not be run to its end.
    """
    try:
        done = inside.python(script, *args, isolated=isolated)
    except CommandError as error:
        raise InconclusiveError(f"{inside.label}: {error}") from error
    if done.ok:
        return done
    if done.code in _NOT_FOUND and not needs_python(service):
        pytest.skip(f"{inside.label} has no Python")
    how = f"no end within {done.command.timeout or 0:g} s" if done.timed_out else f"exit code {done.code}"
    said = last_words(done.errors.strip() or done.output, most=_LINES)
    kind = LateError if done.timed_out else InconclusiveError
    raise kind(f"{inside.label}: found {how}, expected the probe's answer; it said: {said}")


def marked(inside: Inside, done: Completed, marker: str) -> dict[str, Any]:
    """The document behind a probe's marker.

    Raises:
        InconclusiveError: there is none.
    """
    _, found, rest = done.output.rpartition(marker)
    try:
        document = json.loads(rest.partition("\n")[0]) if found else None
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise InconclusiveError(f"{inside.label}: found no line that begins with {marker}")
    return document


def judge_bytecode(inside: Inside, service: Service, roots: Collection[str], evidence: Collected) -> list[str]:
    """What is wrong with the bytecode below some folders, one line a file.

    Raises:
        InconclusiveError: not everything could be looked at.
    """
    request = bytecode.probe_request(roots=roots)
    report = bytecode.parse(ask(inside, service, bytecode.probe_source(), request, isolated=True).output)
    evidence.text("Bytecode", f"{report.examined} files below {', '.join(roots)}, judged by Python {report.python}")
    evidence.table("Findings", report.findings)
    if report.truncated or len(report.missing) == len(roots):
        seen = f"only {report.examined} files" if report.truncated else f"no folder {', '.join(report.missing)}"
        raise InconclusiveError(f"{inside.label}: found {seen}, expected all of {', '.join(roots)}")
    return [bytecode.phrase(finding) for finding in report.red_files]
