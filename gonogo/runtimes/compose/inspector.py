"""The read-only side of Compose: what was built, what runs, what it says, where it answers."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gonogo.errors import CommandError
from gonogo.inspection.code.contents import FileDigest
from gonogo.inspection.code.environments import PythonEnvironment
from gonogo.runtimes.base import Described, Front, Inspector, InstanceState, Layout, LogLine, Place
from gonogo.runtimes.compose.engine import (
    connect,
    containers_of,
    databases_in,
    files_in,
    image_facts,
    keeping,
    log_of,
    plain_lines,
    scratch,
    stamped_lines,
)
from gonogo.runtimes.compose.entry import python_environment
from gonogo.runtimes.compose.files import BUILD, COMPOSE, read_model, services_of
from gonogo.runtimes.compose.front import front_at
from gonogo.runtimes.compose.inside import ComposeArtifact, ComposeInside
from gonogo.runtimes.compose.instance import instance_of
from gonogo.runtimes.compose.laid_over import LaidOver, laid_over
from gonogo.runtimes.compose.layout import layout_of
from gonogo.runtimes.compose.model import roles
from gonogo.runtimes.compose.model.beside import OWN, own_name
from gonogo.runtimes.compose.model.described import described
from gonogo.runtimes.compose.own_front import front_in
from gonogo.runtimes.compose.render import environment_of, render
from gonogo.runtimes.compose.up import vanished
from gonogo.runtimes.compose.ways import strangers
from gonogo.runtimes.compose.weighing import weights
from gonogo.runtimes.front import OwnFront, holding
from gonogo.state.release import Release

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

__all__ = ["ComposeInspector"]

_SERVICE = "com.docker.compose.service"
_RELEASE = "gonogo.release"
_LOG_LINES = 20_000
_ANYWHERE = frozenset({"", "0.0.0.0", "::", "[::]"})  # noqa: S104 (what a published port says, nothing is bound)


class ComposeInspector(Inspector):
    """Looks at one environment's Compose project, and at one release's images."""

    def __init__(self, place: Place, release: Release | None) -> None:
        """Without a release (before the first deploy) it looks at the checkout and at what runs."""
        self._place = place
        self._release = release
        self._host = place.host
        self._project = place.environment.project
        self._layouts: dict[tuple[str, str], Layout] = {}

    @functools.cached_property
    def model(self) -> Mapping[str, Any]:
        """The release's pinned model, or what the checkout's compose files mean.

        Raises:
            GonogoError: neither can be read.
        """
        if self._release is not None and (self._release.folder / COMPOSE).is_file():
            return read_model(self._release)
        with tempfile.TemporaryDirectory(prefix="gonogo-model-") as folder:
            return render(self._place, self._place.project.root, output=Path(folder) / COMPOSE)

    @functools.cached_property
    def services(self) -> tuple[str, ...]:
        """The deployed services; before it is a release's turn without those of which two must not run."""
        if self._release is not None and self._release.services:
            single = {name for name, one in self._place.environment.service.items() if one.single}
            return tuple(name for name in self._release.services if not (self._waits and name in single))
        return roles.deployed_services(self.model, tuple(self._place.environment.service))

    def looking(self) -> AbstractContextManager[None]:
        """Inside it each image is looked at through one scratch container."""
        return keeping()

    def artifacts(self) -> Sequence[ComposeArtifact]:
        """The image of each deployed service that has one here."""
        with connect() as client:
            images = {image: image_facts(client.images.get(image).attrs) for image in set(self._images().values())}
        return [self._artifact(service, images[image]) for service, image in self._images().items()]

    def instances(self, *, health: bool = True) -> Sequence[InstanceState]:  # noqa: ARG002 (the Engine asks by itself)
        """One row for each container of a deployed service, and one for each that is missing."""
        return self._rows(self.services)

    def described(self, service: str) -> Described | None:
        """Its part of the pinned model."""
        kept = self._release is None or (self._release.folder / COMPOSE).is_file()
        definition = services_of(self.model).get(service) if kept else None
        return described(definition) if definition is not None else None

    def fronts(self) -> Sequence[InstanceState]:
        """The same for what stands in front of them."""
        own = (self._own_front.state(),) if self._own_front is not None else ()
        return (*own, *self._rows(roles.fronts(self.model, self.services)))

    @property
    def _own_front(self) -> OwnFront | None:
        return front_in(self._place, self.model) if self._release is not None and self._release.beside else None

    def _rows(self, services: Sequence[str]) -> Sequence[InstanceState]:
        with connect() as client:
            found = self._own(client)
            rows = [instance_of(one.attrs, one_shots=self._one_shots, service=name) for name, one in found]
        wanted = [row for row in rows if row.service in services]
        return sorted([*wanted, *self._missing(wanted, services)], key=lambda row: (row.service, row.name))

    def inside(self, service: str) -> ComposeInside:
        """The first running container of a service.

        Raises:
            CommandError: none runs.
        """
        with connect() as client:
            found = [one for name, one in self._own(client) if name == service]
            running = [one for one in found if one.status == "running"]
            if not running:
                seen = ", ".join(f"{one.name} {one.status}" for one in found) or "no container"
                raise CommandError(
                    f"service {service}: found {seen}, expected a running container of project {self._project}. "
                    f"Look at `docker compose --project-name {self._project} logs {service}`."
                )
            attrs, name = running[0].attrs, running[0].name or running[0].id or ""
        return ComposeInside(
            service=service,
            container=name,
            layout=self._layout(service, attrs["Config"].get("WorkingDir") or "/", attrs["Image"]),
            host=self._host,
            environment=self._environment(service, attrs["Image"]),
            workdir=attrs["Config"].get("WorkingDir") or "/",
        )

    def logs(self, since: datetime | None, *, around: bool = False) -> Mapping[str, list[str]]:
        """Service → its lines since then, without colours; replicas one after the other. ``around``: fronts too."""
        fronts = roles.fronts(self.model, self.services) if around else ()
        lines: dict[str, list[str]] = {service: [] for service in (*self.services, *fronts)}
        for service, text in self._written(since, of=lines):
            lines[service] += plain_lines(text or b"")
        return lines

    def last_lines(self, since: datetime, *, most: int) -> Mapping[str, list[str]]:
        """What each container of the project wrote since then: so many last lines of it."""
        lines: dict[str, list[str]] = {}
        for name, text in self._written(since, tail=most):
            lines.setdefault(name, []).extend(plain_lines(text or b""))
        return lines

    def log_lines(self, since: datetime | None) -> Mapping[str, list[LogLine]]:
        """Service → its lines since then, with the Engine's time of each."""
        lines: dict[str, list[LogLine]] = {service: [] for service in self.services}
        for service, text in self._written(since, of=lines, timestamps=True):
            lines[service] += stamped_lines(text or b"")
        return lines

    def unread(self) -> Sequence[str]:
        """Deployed services whose logging driver keeps nothing."""
        return sorted({name for name, text in self._written(None, of=self.services, tail=1) if text is None})

    def url(self, service: str | None = None) -> str | None:
        """The service's own URL, the environment's, or the port that is published on this machine."""
        environment = self._place.environment
        if service is not None and service in environment.service and environment.service[service].url:
            return environment.service[service].url
        if environment.url:
            return environment.url
        if service is None and self._own_front is not None:
            return self._own_front.url
        wanted = (service,) if service is not None else (*roles.fronts(self.model, self.services), *self.services)
        ports = self.published()
        for name in wanted:
            for owner, address, port in ports:
                if owner == name:
                    return f"http://{'127.0.0.1' if address in _ANYWHERE else address}:{port}"
        return None

    def published(self) -> Sequence[tuple[str, str, int]]:
        """Every port that the model publishes; what stands beside others has none."""
        alone = self._release is None or not self._release.beside
        ports = (one for one in roles.published_ports(self.model) if alone or one.service not in self.services)
        return tuple((one.service, one.host_ip, one.port) for one in ports)

    def holders(self, outgoing: Release | None) -> Mapping[int, str]:
        """Port → the container of this project that gives it up when this release starts; an orphan does not."""
        kept = outgoing is not None and (outgoing.folder / COMPOSE).is_file()
        replaced = vanished(self.model, read_model(outgoing), outgoing) if outgoing is not None and kept else ()
        names = {*services_of(self.model), *replaced}
        with connect() as client:
            going = (one for one in containers_of(client, self._project) if one.labels.get(_SERVICE) in names)
            return {port: one.name or "" for one in going for port in _bound(one)} | holding(self._place)

    def front(self, url: str, former: Release | None) -> Front | None:
        """The proxy of this project that stands at a URL, with what of its files and settings the release changes."""
        kept = former is not None and (former.folder / COMPOSE).is_file()
        before = read_model(former) if former is not None and kept else None
        return front_at(self._place.environment.reached(url), self.model, self.services, before, self._host)

    def memory(self, names: Sequence[str]) -> Mapping[str, int]:
        """Those of the containers, caches that can be dropped aside."""
        return weights(names, self._host)

    def strangers(self) -> Sequence[str]:
        """Other containers that get requests which are meant for this release; nobody's are, before it is its turn."""
        if self._waits:
            return ()
        urls = {self.url(), *map(self.url, self.services)}
        known = sorted(self._place.environment.reached(url) for url in urls if url is not None)
        release = self._release.id if self._release is not None else None
        return tuple(
            strangers(self.model, self.services, self._host, project=self._project, urls=known, release=release)
        )

    def left_behind(self) -> Sequence[str]:
        """Databases in the containers of the deployed services themselves; what is mounted stays."""
        with connect() as client:
            ours = [one for name, one in self._own(client) if name in self.services]
            return [f"{path} in container {one.name}" for one in ours for path in databases_in(one)]

    def _written(
        self, since: datetime | None, *, of: Collection[str] | None = None, tail: int = _LOG_LINES, **asked: bool
    ) -> Iterator[tuple[str, bytes | None]]:
        """What each container wrote, of these services or of all, with the name of its service."""
        with connect() as client:
            for service, one in self._own(client):
                if of is None or service in of:
                    yield service or str(one.name), log_of(one, since=since, tail=tail, **asked)

    @property
    def _waits(self) -> bool:
        """Whether it stands beside others, and is asked past the proxy: nobody is sent to it."""
        return self._release is not None and bool(self._release.beside) and self._place.environment.traffic is None

    def _own(self, client: DockerClient) -> list[tuple[str, Container]]:
        """What runs of this release, and around it, by the names of the compose file; no other release's turn."""
        release = self._release.id if self._release is not None else None
        beside = self._release is not None and bool(self._release.beside)
        named = [(own_name(one.labels, release), one) for one in containers_of(client, self._project)]
        return [
            (name, one)
            for name, one in named
            if (one.labels.get(_RELEASE) == release if OWN in one.labels else not beside or name not in self.services)
        ]

    @property
    def _one_shots(self) -> tuple[str, ...]:
        return roles.one_shots(self.model)

    def _images(self) -> dict[str, str]:
        """Service → what names its image: the id, or what runs when no release is known."""
        if self._release is not None:
            named = {**self._release.tags, **self._release.images}
            return {service: named[service] for service in self.services if service in named}
        with connect() as client:
            running = {one.labels.get(_SERVICE, ""): one.attrs["Image"] for one in containers_of(client, self._project)}
        return {service: running[service] for service in self.services if service in running}

    def _artifact(self, service: str, facts: Any) -> ComposeArtifact:
        definition = services_of(self.model).get(service, {})
        tag = self._release.tags.get(service) if self._release is not None else None
        return ComposeArtifact(
            service=service,
            image=facts.id,
            label=f"image {tag or next(iter(facts.tags), facts.id)}",
            layout=self._layout(service, definition.get("working_dir") or facts.workdir, facts.id),
            facts=facts,
            host=self._host,
            project=self._project,
            variables=environment_of(definition),
            workdir=definition.get("working_dir"),
            environment=self._environment(service, facts.id),
            laid_over=self._laid_over(service),
        )

    def _laid_over(self, service: str) -> tuple[LaidOver, ...]:
        place = self._place
        return tuple(laid_over(self.model, service, root=self._source, path=place.path, state=place.state))

    def _environment(self, service: str, image: str) -> PythonEnvironment:
        return python_environment(services_of(self.model).get(service, {}), image, self._source, self._host)

    @property
    def _source(self) -> Path:
        """The application's folder at the release's commit, else in the checkout."""
        if self._release is not None and self._is_kept:
            return self._release.source_root(self._place.project.app.root)
        return self._place.project.source_root

    def _layout(self, service: str, workdir: str, image: str) -> Layout:
        """Where the application's files are in the image of a service; looked up once."""
        if (service, image) not in self._layouts:
            found = layout_of(
                self._said(service),
                self._builds.get(service, {}),
                root=self._source,
                workdir=workdir,
                read=functools.partial(self._read, image),
            )
            mounted = {one.path: one.target for one in self._laid_over(service) if one.path and one.source.is_dir()}
            if mounted and not found.code and found.known_by != "gonogo.toml":
                found = replace(found, code=mounted, known_by="its mounts")
            self._layouts[service, image] = found
        return self._layouts[service, image]

    def _read(self, image: str, paths: Iterable[str]) -> Mapping[str, FileDigest]:
        """Files of an image; nothing where it is no longer there (a container outlives its image)."""
        from docker.errors import ImageNotFound  # noqa: PLC0415 (100 ms: only where a check asks)

        with connect() as client:
            try:
                with scratch(client, image, project=self._project) as container:
                    return files_in(container, paths)
            except ImageNotFound:
                return {}

    def _said(self, service: str) -> Mapping[str, str] | None:
        """What gonogo.toml says of a service, or of another one with the same image."""
        configured = self._place.environment.service
        for name in (service, *(name for name in configured if self._is_alike(name, service))):
            said = configured[name].code if name in configured else None
            if said is not None:
                return said
        return None

    def _is_alike(self, name: str, other: str) -> bool:
        """Whether two services run the same image, or images that are built alike."""
        images = self._images() if self._release is not None else {}
        build, image = self._builds.get(name), images.get(name)
        return bool(build and build == self._builds.get(other)) or bool(image and image == images.get(other))

    @property
    def _is_kept(self) -> bool:
        return self._release is not None and (self._release.folder / BUILD).is_file()

    @functools.cached_property
    def _builds(self) -> Mapping[str, Mapping[str, Any]]:
        """Service → how its image is built, by itself or by another one, but for the names that it is given."""
        model = read_model(self._release, BUILD) if self._release is not None and self._is_kept else self.model
        services, builders = services_of(model), roles.built_by(model)
        builds = {name: services[builders.get(name, name)].get("build") or {} for name in services}
        return {name: {key: build[key] for key in build if key != "tags"} for name, build in builds.items()}

    def _missing(self, rows: Sequence[InstanceState], services: Sequence[str]) -> Iterator[InstanceState]:
        definitions = services_of(self.model)
        for service in services:
            count = sum(row.service == service for row in rows)
            for number in range(count + 1, roles.expected_count(definitions.get(service, {})) + 1):
                yield InstanceState(
                    service=service,
                    name=f"{self._project}-{service}-{number}",
                    status="missing",
                    health=None,
                    restarts=0,
                    started_at="",
                    image=None,
                    release=None,
                    one_shot=service in self._one_shots,
                )


def _bound(container: Container) -> Iterator[int]:
    ports = (container.attrs.get("NetworkSettings") or {}).get("Ports") or {}
    for bindings in ports.values():
        yield from (int(binding["HostPort"]) for binding in bindings or () if binding.get("HostPort"))
