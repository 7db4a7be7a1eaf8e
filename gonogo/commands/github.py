"""``gonogo github``: shows results in a GitHub Actions job; what it cannot show never changes a verdict."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from gonogo.config import find_project, load_project
from gonogo.errors import GonogoError
from gonogo.github.annotations import annotate
from gonogo.github.comment import CommentError, Comments
from gonogo.records.markdown import LIMIT, render, render_gate
from gonogo.records.red import red_checks, run_warnings
from gonogo.records.results import CheckResult, GateResult
from gonogo.records.run_results import RunResult

__all__ = ["ShownOnGitHub", "show_on_github"]

_NO_END = re.compile(r"-{2,}|[<>]")
_SUMMARY = 1024 * 1024
"""Bytes; GitHub refuses a longer summary of a step."""


class ShownOnGitHub(BaseModel):
    """Workflow commands for standard output, and the comment's address where one was written."""

    commands: tuple[str, ...] = ()
    comment: str = ""


def show_on_github(files: Sequence[Path], *, comment: bool, folder: Path, environ: Mapping[str, str]) -> ShownOnGitHub:
    """Annotates, writes the job's summary, and updates the pull request's comment where that is wanted."""
    results = [_read(path) for path in files]
    commands = list(annotate(_checks(results), folder=_application(folder), workspace=_workspace(folder, environ)))
    summary = "\n".join(_markdown(result, LIMIT) for result in results)
    commands += _summarise(summary, environ)
    written = ""
    if comment:
        try:
            written = _comment(results, folder, environ)
        except CommentError as error:
            commands.append(f"::notice title=gonogo::No comment on the pull request: {' '.join(str(error).split())}")
    return ShownOnGitHub(commands=tuple(commands), comment=written)


Result = RunResult | GateResult | str
"""A run, a gate, or why there is neither."""


def _read(path: Path) -> Result:
    """A results file of either kind."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        kind = RunResult if "run" in document else GateResult
        return kind.model_validate(document)
    except (OSError, ValueError, TypeError) as error:
        said = " ".join(str(error).split())
        return f"{path}: found no results ({said}), expected a run's or a gate's; the job's log says what went wrong"


def _checks(results: Sequence[Result]) -> Iterator[CheckResult]:
    for result in results:
        if isinstance(result, GateResult):
            yield from result.checks
        elif isinstance(result, RunResult):
            yield from (*red_checks(result), *run_warnings(result))


def _markdown(result: Result, limit: int) -> str:
    if isinstance(result, RunResult):
        return render(result, limit=limit, links=False)
    return render_gate(result, limit=limit) if isinstance(result, GateResult) else f"# NO-GO\n\n`{result}`\n"


def _summarise(text: str, environ: Mapping[str, str]) -> list[str]:
    path = environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return []
    try:
        with Path(path).open("a", encoding="utf-8") as stream:
            stream.write(text.encode()[:_SUMMARY].decode(errors="ignore"))
    except OSError as error:
        return [f"::notice title=gonogo::No summary: {error}"]
    return []


def _comment(results: Sequence[Result], folder: Path, environ: Mapping[str, str]) -> str:
    """Writes it.

    Raises:
        CommentError: this job is about no pull request, or GitHub refuses.
    """
    token, repository = environ.get("GITHUB_TOKEN", "").strip(), environ.get("GITHUB_REPOSITORY", "")
    if not token or not repository:
        raise CommentError("found no GITHUB_TOKEN or GITHUB_REPOSITORY, expected both")
    if not (token.isascii() and token.isprintable()):  # the client's own message would quote it
        raise CommentError("GITHUB_TOKEN: found characters that no header can hold, expected one line of ASCII")
    number = _number(environ.get("GITHUB_EVENT_PATH", ""))
    about = " ".join(part for part in (_about(results, environ), *_where(folder, environ)) if part)
    marker = f"<!-- gonogo {_NO_END.sub('-', about)} -->"
    foot = f"\n[The job and its reports]({_job(environ)})\n"
    room = (LIMIT - len(marker) - 1 - len(foot)) // max(len(results), 1)
    body = "\n".join(_markdown(result, room - 1) for result in results) + foot
    api = environ.get("GITHUB_API_URL", "https://api.github.com")
    with Comments(api=api, repository=repository, number=number, token=token) as comments:
        return comments.put(marker, body)


def _about(results: Sequence[Result], environ: Mapping[str, str]) -> str:
    """What the comment is about: the next job of the same kind updates it, also where it left no results."""
    said = {f"{result.env} {getattr(result, 'kind', '') or result.stage}" for result in _known(results)}
    asked = f"{environ.get('GONOGO_ENV', '')} {environ.get('GONOGO_COMMAND', '')}".strip()
    return " ".join(sorted(said)) or asked or "unknown"


def _where(folder: Path, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Job, leg of a matrix, and folder below the checkout: no other job's comment is overwritten."""
    below = os.path.relpath(folder, _workspace(folder, environ))
    return environ.get("GITHUB_JOB", ""), environ.get("GONOGO_LEG", ""), "" if below == "." else below


def _known(results: Sequence[Result]) -> Iterator[Any]:
    return (result for result in results if not isinstance(result, str))


def _number(event: str) -> int:
    try:
        document = json.loads(Path(event).read_text(encoding="utf-8"))
        return int((document.get("pull_request") or document["issue"])["number"])
    except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise CommentError("the job was started by no pull request") from error


def _job(environ: Mapping[str, str]) -> str:
    server, run = environ.get("GITHUB_SERVER_URL", "https://github.com"), environ.get("GITHUB_RUN_ID", "")
    return f"{server}/{environ.get('GITHUB_REPOSITORY', '')}/actions/runs/{run}"


def _application(folder: Path) -> Path:
    """What paths in findings are relative to."""
    with suppress(GonogoError):
        project = load_project(find_project(folder))
        return project.root / project.app.root
    return folder


def _workspace(folder: Path, environ: Mapping[str, str]) -> Path:
    return Path(environ.get("GITHUB_WORKSPACE") or folder)
