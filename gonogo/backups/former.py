"""Start the release that serves on a copy of the data, out of all reach, and ask it its pages."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gonogo.backups.access import InContainer
from gonogo.backups.proof import Proving
from gonogo.backups.scratch import labels
from gonogo.errors import CommandError, last_words
from gonogo.host.runner import Command
from gonogo.inspection.probe_answers import script
from gonogo.probes import direct
from gonogo.runtimes.compose.engine import scratch_name
from gonogo.runtimes.compose.inside import ComposeArtifact, ComposeInside, variables_for_run
from gonogo.runtimes.compose.laid_over import archive_of

__all__ = ["Answered", "Former", "answers", "broken"]

_SECONDS = 60.0
_PAUSE = 1.0
_WRONG = 500
_WELL = 400


@dataclass(frozen=True, kw_only=True)
class Former:
    """The release that serves, as one of its services is started."""

    artifact: ComposeArtifact
    entry: tuple[str, ...]
    """Entry point and command together."""
    live: str
    paths: tuple[str, ...]
    """What is asked of it, by GET and as nobody in particular."""
    origin: str = "http://localhost"
    """What its visitors ask: by this name, and over TLS or not."""
    timeout: float = 120.0
    """How long it may take until it answers."""


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What it answered there."""

    statuses: Mapping[str, int] = field(default_factory=dict)
    """Path → status; 0 for no answer."""
    why: str = ""
    """Why it did not come to answer at all."""


def answers(proving: Proving, access: InContainer, former: Former) -> Answered:
    """Starts it in the network of the scratch server, asks it, and takes it away again.

    Raises:
        CommandError: the Engine did not do it.
    """
    with _started(proving, access, former) as inside:
        until = time.monotonic() + former.timeout
        while not 0 < (status := _status(inside, former, former.live)) < _WRONG:
            if not _runs(proving, inside.container):
                return Answered(why=f"it ended: {_last_words(proving, inside.container)}")
            if time.monotonic() > until:
                said = f"status {status}" if status else "nothing"
                return Answered(why=f"GET {former.live} answered {said} for {former.timeout:g} s")
            time.sleep(_PAUSE)
        return Answered(statuses={path: _twice(inside, former, path) for path in former.paths})


def broken(before: Answered, after: Answered) -> tuple[str, ...]:
    """What was well on the data as they are, and is not on those that were migrated."""
    if before.why:
        return ()
    if after.why:
        return (f"it does not start: {after.why}",)
    pairs = ((path, was, after.statuses[path]) for path, was in before.statuses.items())
    return tuple(
        f"GET {path} answers {now or 'nothing'} instead of {was}"
        for path, was, now in pairs
        if 0 < was < _WELL and (now >= _WRONG or now == 0)
    )


@contextlib.contextmanager
def _started(proving: Proving, access: InContainer, former: Former) -> Iterator[ComposeInside]:
    artifact, name = former.artifact, scratch_name()
    options, carried = variables_for_run(artifact.variables)
    argv = ["docker", "create", "--name", name, *labels(proving.owner), "--pull", "never"]
    argv += ["--init", "--network", f"container:{access.container}", *options]
    argv += ["--workdir", artifact.workdir] if artifact.workdir else []
    argv += ["--entrypoint", former.entry[0], artifact.image, *former.entry[1:]]
    try:
        proving.host.run(Command(argv=tuple(argv), env=carried, timeout=_SECONDS)).require("the serving release")
        if over := archive_of(artifact.laid_over):
            copy = Command(argv=("docker", "cp", "-", f"{name}:/"), stdin=over, timeout=_SECONDS)
            proving.host.run(copy).require("the serving release")
        proving.host.run(Command(argv=("docker", "start", name), timeout=_SECONDS)).require("the serving release")
        yield ComposeInside(
            service=artifact.service,
            container=name,
            layout=artifact.layout,
            host=proving.host,
            environment=artifact.environment,
        )
    finally:
        with contextlib.suppress(CommandError):
            proving.host.run(Command(argv=("docker", "rm", "--force", "--volumes", name), timeout=_SECONDS))


def _twice(inside: ComposeInside, former: Former, path: str) -> int:
    """What it answers; where that is not well, what it answers when it is asked again."""
    status = _status(inside, former, path)
    return status if 0 < status < _WRONG else _status(inside, former, path)


def _status(inside: ComposeInside, former: Former, path: str) -> int:
    """What it answers; 0 for nothing."""
    done = inside.python(script("direct.py"), path, former.origin, timeout=_SECONDS)
    _, found, rest = done.output.rpartition(direct.MARKER)
    ports = json.loads(rest.partition("\n")[0])["ports"] if done.ok and found else ()
    return next((int(port["status"]) for port in ports if port["status"]), 0)


def _runs(proving: Proving, name: str) -> bool:
    words = ("docker", "inspect", "--format", "{{.State.Running}}", name)
    return proving.host.run(Command(argv=words, timeout=_SECONDS)).output.strip() == "true"


def _last_words(proving: Proving, name: str) -> str:
    done = proving.host.run(Command(argv=("docker", "logs", "--tail", "20", name), timeout=_SECONDS))
    return last_words(done.errors or done.output)
