"""What starts a release of the runtime ``process``: its commands and variables, pinned in the release's folder.

requirements.txt, constraints.txt   what is installed, where the application has it in another form
process.json    the command, port and health address of each service, as they were when the release was made
env             the env file as it was then; secrets keep the value that they have now
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError

from gonogo.config import Service
from gonogo.config.strategies import BESIDE
from gonogo.errors import CommandError, UsageError
from gonogo.host.runner import Command
from gonogo.inspection.variables.envfile import parse as parse_env
from gonogo.runtimes.base import Place
from gonogo.runtimes.place import kept_variables
from gonogo.runtimes.process.install import Needs, needs_of
from gonogo.state.release import Release
from gonogo.state.store import write_atomically

__all__ = [
    "CONSTRAINTS",
    "REQUIREMENTS",
    "Pinned",
    "PinnedService",
    "application",
    "fill",
    "needs_in",
    "pin",
    "pinned",
    "resolved",
    "settings",
    "venv",
    "within",
]


REQUIREMENTS = "requirements.txt"
CONSTRAINTS = "constraints.txt"
"""In the release's folder: what is installed where no file of pip's says it, and the versions of a lock file."""


class PinnedService(BaseModel):
    """How one service is started and asked."""

    model_config = ConfigDict(frozen=True)

    command: tuple[str, ...]
    port: int | None = None
    live: str
    live_status: int
    leads_on: tuple[int, ...] = ()
    """Other statuses that say that it lives."""
    timeout: float
    name: str = ""
    """What an instance is asked as first, since visitors do; where it knows that name not: by its address."""

    @property
    def named(self) -> dict[str, str]:
        """The header that says so."""
        return {"Host": self.name} if self.name else {}

    @property
    def alive(self) -> tuple[int, ...]:
        """What an instance may answer while it lives."""
        return self.live_status, *self.leads_on

    @property
    def address(self) -> str:
        """Where an instance says that it lives."""
        return f"http://127.0.0.1:{self.port}{self.live}"


class Pinned(BaseModel):
    """Everything that starts a release, in the order in which it is started."""

    format: int = 1
    folder: Path
    """The application's folder in the release's worktree."""
    services: dict[str, PinnedService]


def application(place: Place, release: Release) -> Path:
    """The application's folder in the release's worktree, as pinned."""
    return pinned(place, release).folder


def venv(release: Release) -> Path:
    """The environment that holds the release's dependencies."""
    return release.folder / "venv"


def fill(words: Sequence[str], values: Mapping[str, str]) -> tuple[str, ...]:
    """Replaces ``{name}`` in each word; names that are not in ``values`` stay as they are."""
    return tuple(re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], match[0]), word) for word in words)


def pin(place: Place, release: Release) -> Pinned:
    """Writes what starts the release into its folder.

    Raises:
        UsageError: a command asks for a port that its service has not, or the env file cannot be read.
    """
    rendered = _render(place, release)
    write_atomically(release.folder / "process.json", rendered.model_dump_json(indent=2) + "\n")
    if place.environment.env_file is not None:
        write_atomically(release.folder / "env", _env_text(place))
    needs = needs_in(rendered.folder)
    for name, lines in ((REQUIREMENTS, needs.requirements), (CONSTRAINTS, needs.pinned)):
        if lines:
            write_atomically(release.folder / name, "".join(f"{line}\n" for line in lines))
    return rendered


def needs_in(folder: Path) -> Needs:
    """What the files of an application's folder say that it needs installed."""

    def read(name: str) -> str | None:
        try:
            return (folder / name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None

    try:
        tops = [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
    except OSError:
        tops = []
    return needs_of(read, {path.name: any(path.glob("*.py")) for path in tops})


def pinned(place: Place, release: Release) -> Pinned:
    """What starts the release: as pinned, or as configured while nothing is pinned yet (a plan).

    Raises:
        CommandError: the pinned file is broken.
    """
    path = release.folder / "process.json"
    try:
        return Pinned.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return _render(place, release)
    except (OSError, ValidationError) as error:
        raise CommandError(
            f"{path}: found {str(error).splitlines()[0]}, expected the pinned commands of release {release.id}. "
            "Deploy this commit again."
        ) from error


def settings(place: Place, release: Release, service: str | None = None) -> dict[str, str]:
    """The environment variables of an instance; what gonogo sets wins over the env file."""
    variables = _variables(place, release)
    programs = venv(release) / "bin"
    own = {
        "GONOGO_RELEASE": release.id,
        "GONOGO_COMMIT": release.commit,
        "PATH": os.pathsep.join((str(programs), variables.get("PATH") or os.environ.get("PATH", os.defpath))),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "VIRTUAL_ENV": str(venv(release)),
    }
    started = pinned(place, release).services.get(service) if service is not None else None
    if started is not None and started.port is not None:
        own["PORT"] = str(started.port)
    return {**variables, **own}


def within(
    place: Place, release: Release, argv: Sequence[str], *, service: str | None = None, folder: str = "."
) -> Command:
    """A command with the environment's programs, in a folder of the application, with the release's variables."""
    return Command(
        argv=resolved(release, argv),
        cwd=str(application(place, release) / folder),
        env=settings(place, release, service),
        clean_env=True,
    )


def resolved(release: Release, argv: Sequence[str]) -> tuple[str, ...]:
    """The command with its program's full path where the environment has that program."""
    program = venv(release) / "bin" / argv[0]
    return (str(program), *argv[1:]) if "/" not in argv[0] and program.exists() else tuple(argv)


def _render(place: Place, release: Release) -> Pinned:
    environment = place.environment
    ports = _ports(place)
    services = {}
    for name, service in environment.service.items():
        health = environment.health_of(name)
        services[name] = PinnedService(
            command=_command(place, release, name, service, ports.get(name)),
            port=ports.get(name),
            live=health.live,
            live_status=health.live_status,
            leads_on=health.alive[1:],
            timeout=health.timeout,
            name=urlsplit(place.environment.url or "").netloc,
        )
    return Pinned(folder=_folder(place, release), services=services)


def _folder(place: Place, release: Release) -> Path:
    return release.source_root(place.project.app.root)


def _ports(place: Place) -> dict[str, int]:
    """Service → the port of its instance: where releases take turns, one of its own for each, above the service's.

    Below the range from which the system takes ports for a moment: it must be free when the release comes back.
    """
    stated = {name: one.port for name, one in place.environment.service.items() if one.port is not None}
    if place.environment.strategy not in BESIDE:
        return stated
    kept = (one for path in place.state.glob("releases/*/process.json") for one in _kept(path))
    traffic = place.environment.traffic
    front = (traffic.listens[1],) if traffic is not None and traffic.kind == "own" else ()
    taken = {*stated.values(), *kept, *front}
    found: dict[str, int] = {}
    for name, port in stated.items():
        free = (one for one in range(port + 1, 65536) if one not in taken and is_free(one))
        found[name] = next(free)
        taken.add(found[name])
    return found


def _kept(path: Path) -> Iterator[int]:
    """The ports of another release."""
    with contextlib.suppress(OSError, ValidationError):
        yield from (one.port for one in Pinned.model_validate_json(path.read_bytes()).services.values() if one.port)


def is_free(port: int) -> bool:
    """Whether nobody listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _command(place: Place, release: Release, name: str, service: Service, port: int | None) -> tuple[str, ...]:
    words = service.command or ()
    if service.port is None and any("{port}" in word for word in words):
        raise UsageError(
            f'gonogo.toml: service.{name}.command: found "{{port}}" but no port, expected service.{name}.port. '
            f"Add port = 8000 (a free one) to [service.{name}] or [env.{place.environment.name}.service.{name}]."
        )
    values = {
        "python": str(venv(release) / "bin" / "python"),
        "venv": str(venv(release)),
        "source": str(_folder(place, release)),
        "port": str(port),
    }
    return fill(words, values)


def _env_text(place: Place) -> str:
    path = place.path / (place.environment.env_file or "")
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise UsageError(
            f"{path}: found a file that cannot be read ({error.strerror}), expected the environment's variables."
        ) from error


def _variables(place: Place, release: Release) -> dict[str, str]:
    try:
        text = (release.folder / "env").read_text(encoding="utf-8")
    except FileNotFoundError:
        return dict(place.variables)
    before = dict(parse_env(text, grammar="dotenv").values)
    return kept_variables(before, place.variables, place.environment.secrets)
