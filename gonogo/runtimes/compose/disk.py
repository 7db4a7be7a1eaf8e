"""Space on the Docker Engine's disk for the rollback: what the release that is turned back holds of it."""

from __future__ import annotations

import re

from gonogo.host.runner import Command, Host
from gonogo.state.release import Release

__all__ = ["free_disk"]

_SECONDS = 60.0
_ANONYMOUS = re.compile(r"[0-9a-f]{64}")
_FORM = (
    '{{.Name}}\t{{index .Config.Labels "com.docker.compose.service"}}\t{{.Image}}\t'
    '{{range .Mounts}}{{if eq .Type "volume"}}{{.Name}} {{end}}{{end}}'
)


def free_disk(project: str, red: Release, target: Release, host: Host) -> tuple[str, ...]:
    """Removes the containers of a release that is turned back, with what they wrote; what was removed, in words.

    The Engine makes a container anew before it lets the old one go, and on a full disk it cannot. A container with an
    anonymous volume stays: the one that follows it takes that over.

    Raises:
        CommandError: the Engine does not answer.
    """
    labels = (f"com.docker.compose.project={project}", "com.docker.compose.oneoff=False")
    filters = (word for label in labels for word in ("--filter", f"label={label}"))
    listed = host.run(Command(argv=("docker", "ps", "--all", "--quiet", *filters), timeout=_SECONDS)).require()
    ids = listed.output.split()
    if not ids:
        return ()
    seen = host.run(Command(argv=("docker", "inspect", "--format", _FORM, *ids), timeout=_SECONDS)).require()
    names = sorted(_replaced(seen.output, red, target))
    if not names:
        return ()
    host.run(Command(argv=("docker", "stop", "--time", "10", *names), timeout=_SECONDS))
    host.run(Command(argv=("docker", "rm", "--force", *names), timeout=_SECONDS)).require()
    return (f"The disk was full, so that what {red.short} ran was removed first, to make room: {', '.join(names)}.",)


def _replaced(seen: str, red: Release, target: Release) -> list[str]:
    """The containers that go in any case, by the image that they run."""
    rows = (line.split("\t") for line in seen.splitlines() if line.count("\t") == 3)  # noqa: PLR2004 (four columns)
    return [
        name.removeprefix("/")
        for name, service, image, volumes in rows
        if image == red.images.get(service) != target.images.get(service)
        and not any(_ANONYMOUS.fullmatch(volume) for volume in volumes.split())
    ]
