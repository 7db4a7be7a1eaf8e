"""What goes on in the Docker Engine without its client, and an Engine that went away: told apart, and waited for."""

from __future__ import annotations

import re
import time
from pathlib import Path

from gonogo.errors import CommandError
from gonogo.host.runner import Command, Host
from gonogo.runtimes.base import RuntimeUnreachableError
from gonogo.runtimes.compose.engine import SCRATCH_LABEL, scratch_of
from gonogo.runtimes.compose.run import ends_of, is_once

__all__ = ["disks_of", "end_leftovers", "epoch_of", "is_lost", "wait_for_engine"]

_SECONDS = 30.0
_EVERY = 0.25
_LOST = re.compile(
    r"Docker: found no (?:usable answer|daemon|Engine)|Cannot connect to the Docker daemon|"
    r"error during connect:|failed to connect to the docker API|"
    r"\b(?:dial|read|write) unix \S|\"http://%2F[^\"]*\": (?:EOF|dial|read|context)|"
    r"rpc error: code = (?:Unavailable|Canceled) desc|closing transport|Error response from daemon: .*shutting down"
)
"""How our gates, the docker client, Compose and BuildKit say that the Engine went away."""


def is_lost(said: str, host: Host) -> bool:
    """Whether the Engine does not answer, or what failed says that it went away meanwhile."""
    return _LOST.search(said) is not None or bool(_silence(host))


def epoch_of(host: Host) -> str:
    """The id of the Engine's bridge, which it makes anew at each start, unless containers went on without it."""
    argv = ("docker", "network", "inspect", "--format", "{{.Id}}", "bridge")
    try:
        answer = host.run(Command(argv=argv, timeout=_SECONDS))
    except CommandError:  # no docker program
        return ""
    return answer.output.strip() if answer.ok else ""


def disks_of(project: str, host: Host) -> dict[str, Path]:
    """Where the Engine keeps everything, and what a project's containers mount from this machine.

    Raises:
        CommandError: the Engine does not answer.
    """
    root = host.run(Command(argv=("docker", "info", "--format", "{{.DockerRootDir}}"), timeout=_SECONDS)).require()
    argv = ("docker", "ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={project}")
    ids = host.run(Command(argv=argv, timeout=_SECONDS)).require().output.split()
    form = "{{range .Mounts}}{{println .Destination .Source}}{{end}}"
    seen = host.run(Command(argv=("docker", "inspect", "--format", form, *ids), timeout=_SECONDS)) if ids else None
    pairs = (line.split(maxsplit=1) for line in (seen.output if seen is not None else "").splitlines())
    mounts = {f"the mount {pair[0]}": Path(pair[1]) for pair in pairs if len(pair) == 2}  # noqa: PLR2004 (a pair)
    return {"the Docker Engine": Path(root.output.strip()), **mounts}


def wait_for_engine(host: Host, *, seconds: float) -> None:
    """Waits until the Engine answers.

    Raises:
        RuntimeUnreachableError: it does not within that time; the text says what to do.
    """
    deadline = time.monotonic() + seconds
    while said := _silence(host):
        if time.monotonic() >= deadline:
            raise RuntimeUnreachableError(
                f"Docker: found no Engine that answers within {seconds:g} s ({said}), expected a running one. "
                "Start it (sudo systemctl start docker), then try again."
            )
        time.sleep(_EVERY)


def _silence(host: Host) -> str:
    """What the client says while no Engine answers; empty when one does."""
    try:
        answer = host.run(Command(argv=("docker", "version", "--format", "{{.Server.Version}}"), timeout=_SECONDS))
    except CommandError as error:  # no docker program
        return str(error)
    return "" if answer.ok else (answer.errors.strip().splitlines() or ["no answer"])[-1]


def end_leftovers(project: str, run: str, host: Host) -> tuple[str, ...]:
    """Ends the containers that a run's killed clients have left: of its own commands, and of its gates.

    Raises:
        CommandError: the Engine does not answer.
    """
    notes = []
    for name in _named(host, f"com.docker.compose.project={project}", "com.docker.compose.oneoff=True"):
        if is_once(name, project):
            for command in ends_of(name):
                host.run(command)
            notes.append(f"The container {name}, of a command of the run {run}, still ran and was ended.")
    left = _named(host, f"{SCRATCH_LABEL}={scratch_of(project, run)}")
    if left:
        host.run(Command(argv=("docker", "rm", "--force", "--volumes", *left), timeout=_SECONDS))
        notes.append(f"Scratch containers of the run {run} were left, and are gone: {', '.join(left)}.")
    return tuple(notes)


def _named(host: Host, *labels: str) -> list[str]:
    filters = (word for label in labels for word in ("--filter", f"label={label}"))
    argv = ("docker", "ps", "--all", "--format", "{{.Names}}", *filters)
    return sorted(host.run(Command(argv=argv, timeout=_SECONDS)).require().output.split())
