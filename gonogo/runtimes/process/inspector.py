"""The read-only side of the runtime ``process``: environments to ask, and processes that run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from gonogo.config import Environment
from gonogo.errors import CommandError
from gonogo.host.runner import Command, Completed
from gonogo.inspection.code.contents import FileDigest, digest_of
from gonogo.inspection.code.databases import sqlite_files
from gonogo.inspection.code.environments import ImportPlace, import_place
from gonogo.inspection.code.image_files import read_tree
from gonogo.inspection.things import address
from gonogo.runtimes.base import LIMITED, Described, Front, ImageFacts, Inspector, InstanceState, Layout, LogLine, Place
from gonogo.runtimes.front import OwnFront, front_of
from gonogo.runtimes.process.health import ask
from gonogo.runtimes.process.instances import Instance, Instances, exit_code, is_alive, slot_of, weight
from gonogo.runtimes.process.pinned import application, pinned, settings, venv
from gonogo.state.release import Release
from gonogo.state.store import State

__all__ = ["ProcessInspector", "ReleaseEnvironment"]

_LOG_LIMIT = 16 * 1024 * 1024


class ReleaseEnvironment:
    """A release's worktree and environment, as one of its services uses them."""

    facts: ImageFacts | None = None

    def __init__(
        self, place: Place, release: Release, service: str, *, label: str, imports: ImportPlace | None = None
    ) -> None:
        """``label`` is what people call it; ``imports`` is where its server imports, where that is not its folder."""
        self.service = service
        self.label = label
        self.code: Mapping[str, str] = {".": str(application(place, release))}
        self.layout = Layout(code=self.code, known_by="the release's own folder")
        self._place = place
        self._release = release
        self._host = place.host
        self._imports = imports or ImportPlace(self.code["."])

    def __repr__(self) -> str:
        """Names it; variables stay out of sight."""
        return f"<{self.label}>"

    def python(self, script: str, *args: str, isolated: bool = True, timeout: float | None = None) -> Completed:
        """Runs a script under the environment's Python, given on standard input; it leaves no bytecode.

        Raises:
            CommandError: the environment has no Python that runs.
        """
        folder = self.code["."] if isolated else self._imports.folder
        variables = settings(self._place, self._release, self.service)
        if not isolated:
            paths = (folder, self._imports.path, variables.get("PYTHONPATH", ""))
            variables["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
            variables["GONOGO_ADDED"] = folder  # a probe may have to do without it
        flags = ("-I", "-B", "-") if isolated else ("-",)
        command = Command(
            argv=(str(venv(self._release) / "bin" / "python"), *flags, *args),
            cwd=folder,
            env=variables,
            stdin=script.encode(),
            timeout=timeout,
            clean_env=True,
        )
        return self._host.run(command, output_limit=None)

    def importing(self, entrypoint: str, chdir: str = "") -> ReleaseEnvironment:
        """The same, where its server imports an entry point."""
        words = self._place.environment.service[self.service].command or ()
        place = ImportPlace(chdir) if chdir else import_place([" ".join(words)], entrypoint)
        place = place.below(self.code["."])
        if not chdir and not any(Path(one).exists() for one in place.candidates(entrypoint)):
            return self
        return ReleaseEnvironment(self._place, self._release, self.service, label=self.label, imports=place)

    def files(self, paths: Iterable[str]) -> dict[str, FileDigest]:
        """Digests of every regular file and link below these paths; git's own folder is left out."""
        found: dict[str, FileDigest] = {}
        for path in map(Path, paths):
            digest = digest_of(path)
            if digest is not None:
                found[str(path)] = digest
            elif path.is_dir():
                found |= read_tree(path)
        return found

    def text(self, path: str) -> str | None:
        """The text of a file; a relative path is below the release's folder."""
        file = Path(self.code["."]) / path
        return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else None

    def exists(self, path: str) -> bool:
        """Whether a program or path is there; a bare name is looked up in the environment, then on the PATH."""
        if "/" in path:
            return (Path(self.code["."]) / path).exists()
        variables = settings(self._place, self._release, self.service)
        return shutil.which(path, path=variables["PATH"]) is not None


class ProcessInspector(Inspector):
    """What one release's environments hold, and which instances of this gonogo environment run."""

    def __init__(self, place: Place, release: Release | None) -> None:
        """``release`` is None where nothing was deployed yet."""
        self._place = place
        self._release = release
        self._host = place.host
        self._records = Instances(place.state)

    @property
    def _environment(self) -> Environment:
        return self._place.environment

    def artifacts(self) -> Sequence[ReleaseEnvironment]:
        """The release's environment, once for each of its services; nothing without a release."""
        if self._release is None:
            return ()
        release, label = self._release, f"environment of release {self._release.id}"
        return [ReleaseEnvironment(self._place, release, service, label=label) for service in self._services()]

    def instances(self, *, health: bool = True) -> Sequence[InstanceState]:
        """One for each service: running, exited (it was started and is gone) or missing (it was not started)."""
        return [self._state(service, health=health) for service in self._services()]

    def described(self, service: str) -> Described | None:
        """Its command, folder, port and health address."""
        found = pinned(self._place, self._release).services.get(service) if self._release is not None else None
        if self._release is None or found is None:
            return None
        said = {
            "command": list(found.command),
            "folder": str(application(self._place, self._release)),
            "port": found.port,
            "health": found.address if found.port is not None else None,
            "timeout": found.timeout,
        }
        return Described(
            definition={name: value for name, value in said.items() if value is not None},
            variables=tuple(sorted(settings(self._place, self._release, service))),
        )

    def inside(self, service: str) -> ReleaseEnvironment:
        """The environment that the running instance of a service was started from.

        Raises:
            CommandError: no instance runs, or the release it was started from is no longer kept.
        """
        record = self._record(service)
        if record is None or not is_alive(record):
            found = "no instance" if record is None else f"{record} ended"
            raise CommandError(
                f"{service}: found {found}, expected a running instance. "
                f"See its log below {self._place.state / 'instances' / service}."
            )
        label = f"{record} of release {record.release}"
        return ReleaseEnvironment(self._place, self._started_from(record), service, label=label)

    def logs(
        self,
        since: datetime | None,  # noqa: ARG002 (output carries no time)
        *,
        around: bool = False,  # noqa: ARG002 (nothing stands around)
    ) -> Mapping[str, list[str]]:
        """Service → everything that its present instance wrote since it was started.

        Raises:
            CommandError: a log cannot be read.
        """
        records = (self._record(service) for service in self._services())
        return {record.service: self._lines(record) for record in records if record is not None}

    def log_lines(self, since: datetime | None) -> Mapping[str, list[LogLine]]:  # noqa: ARG002 (output carries no time)
        """Service → everything that its present instance wrote; what it wrote until all were healthy at its start.

        Raises:
            CommandError: a log cannot be read.
        """
        records = (self._record(service) for service in self._services())
        return {record.service: self._stamped(record) for record in records if record is not None}

    def url(self, service: str | None = None) -> str | None:
        """Where a service answers; without one, the environment's URL or that of the first service with a port."""
        if service is None and self._own is not None:
            return self._environment.url or self._own.url
        if service is None:
            first = next((self._local(name) for name in self._environment.service if self._local(name)), None)
            return self._environment.url or first
        configured = self._environment.service.get(service)
        return (configured.url if configured is not None else None) or self._local(service)

    def published(self) -> Sequence[tuple[str, str, int]]:
        """(service, address, port) of every service that has a port."""
        ports = ((name, self._port(name)) for name in self._environment.service)
        return [(name, "127.0.0.1", port) for name, port in ports if port is not None]

    def fronts(self) -> Sequence[InstanceState]:
        """The proxy that gonogo runs itself, once it is this release's turn."""
        return (self._own.state(),) if self._own is not None else ()

    def front(self, url: str, former: Release | None) -> Front | None:  # noqa: ARG002 (it is not of this environment)
        """Somebody else's proxy, where a URL is not a service's own address."""
        own = {service: local for service in self._services() if (local := self._local(service)) is not None}
        here = {address(self._environment.reached(local)) for local in own.values()}
        is_own = address(self._environment.reached(url)) in here
        return None if not own or is_own else Front(service="", behind=tuple(own))

    def left_behind(self) -> Sequence[str]:
        """Databases in the release's own folder."""
        return [str(path) for path in sqlite_files(self._release.root)] if self._release is not None else ()

    def holders(self, outgoing: Release | None) -> Mapping[int, str]:  # noqa: ARG002 (all of them give it up)
        """Port → the living instance that was started on it."""
        return {
            record.port: str(record) for record in self._records.all() if record.port is not None and is_alive(record)
        }

    def memory(self, names: Sequence[str]) -> Mapping[str, int]:
        """Those of the instances on record, each with all its processes."""
        records = (self._record(service) for service in self._services())
        return {str(record): weight(record) for record in records if record is not None and str(record) in names}

    @property
    def _own(self) -> OwnFront | None:
        return front_of(self._place) if self._release is not None and self._release.beside else None

    def _record(self, service: str) -> Instance | None:
        return self._records.read(slot_of(self._release, service) if self._release is not None else service)

    @property
    def _waits(self) -> bool:
        """Whether it stands beside others, and is asked past the proxy: nobody is sent to it."""
        return self._release is not None and bool(self._release.beside) and self._environment.traffic is None

    def _services(self) -> tuple[str, ...]:
        """The services; before it is a release's turn without those of which two must not run."""
        found = (self._release.services if self._release is not None else ()) or tuple(self._environment.service)
        single = {name for name, one in self._environment.service.items() if one.single}
        return tuple(name for name in found if not (self._waits and name in single))

    def _port(self, service: str) -> int | None:
        """The port of its instance; where releases take turns, each has its own."""
        if self._release is not None and self._release.beside:
            started = pinned(self._place, self._release).services.get(service)
            return started.port if started is not None else None
        configured = self._environment.service.get(service)
        return configured.port if configured is not None else None

    def _local(self, service: str) -> str | None:
        port = self._port(service)
        if port is None:
            return None
        named = urlsplit(self._environment.url or "").hostname if self._environment.connect_to else "127.0.0.1"
        return f"http://{named}:{port}"

    def _state(self, service: str, *, health: bool) -> InstanceState:
        record = self._record(service)
        alive = record is not None and is_alive(record)
        return InstanceState(
            service=service,
            name=str(record or service),
            status="missing" if record is None else "running" if alive else "exited",
            health=self._health(record) if health and record is not None and alive else None,
            restarts=0,
            started_at=record.started_at.isoformat() if record is not None else "",
            image=None,
            release=record.release if record is not None else None,
            exit_code=exit_code(record) if record is not None and not alive else None,
        )

    def _health(self, record: Instance) -> str | None:
        release = self._started_from(record)
        service = pinned(self._place, release).services.get(record.service)
        if service is None or service.port is None:
            return None
        answer = ask(service)
        if answer == HTTPStatus.TOO_MANY_REQUESTS and answer not in service.alive:
            return LIMITED
        return "healthy" if answer in service.alive else "unhealthy"

    def _started_from(self, record: Instance) -> Release:
        if self._release is not None and self._release.id == record.release:
            return self._release
        release = State(self._place.state).load(record.release)
        if release is None:
            raise CommandError(
                f"{record}: found it started from release {record.release}, which is not kept, "
                "expected a kept release. Deploy again."
            )
        return release

    def _stamped(self, record: Instance) -> list[LogLine]:
        late = len(self._lines(record, record.settled)) if record.settled is not None else None
        lines = self._lines(record)
        early = len(lines) - late if late is not None else 0
        return [LogLine(text, record.started_at if number < early else None) for number, text in enumerate(lines)]

    def _lines(self, record: Instance, offset: int | None = None) -> list[str]:
        begin = record.offset if offset is None else offset
        command = Command(argv=("tail", "-c", f"+{begin + 1}", str(record.log)), timeout=60.0)
        return self._host.run(command, output_limit=_LOG_LIMIT).require().output.splitlines()
