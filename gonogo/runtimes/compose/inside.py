"""Where the application's own Python can be asked under Compose: an image, or a running container."""

from __future__ import annotations

import posixpath
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gonogo.host.runner import Command, Completed, Host
from gonogo.inspection.code.contents import FileDigest
from gonogo.inspection.code.environments import ON_PATH, ImportPlace, PythonEnvironment, import_place
from gonogo.runtimes.base import ImageFacts, Layout
from gonogo.runtimes.compose.engine import (
    connect,
    exists_in,
    files_in,
    scratch,
    scratch_label,
    scratch_name,
    text_in,
)
from gonogo.runtimes.compose.laid_over import LaidOver, archive_of, merged
from gonogo.runtimes.compose.unpacked import unpacked
from gonogo.secrets.known import is_secret_name

__all__ = ["ComposeArtifact", "ComposeInside", "variables_for_run"]

_PYTHONS = ("python", "python3")
_NOT_FOUND = (126, 127)
_REFUSED = "Error response from daemon"
_MAKING = 60.0
"""Seconds for making a container and copying files into it."""
_NO_PROGRAM = ("executable file not found", "no such file or directory")
_READ_BY_CLIENT = ("DOCKER_", "LD_", "COMPOSE_", "BUILDKIT_", "XDG_", "SSH_", "SSL_")
_READ_BY_CLIENT_TOO = frozenset({"PATH", "HOME", "TMPDIR", "LANG", "TZ", "USER"})
_PROXIES = frozenset({"no_proxy", "http_proxy", "https_proxy", "all_proxy"})
_MARK = "GONOGO_PROBE"
_KILLER = """\
import os, sys
mark = sys.argv[1].encode()
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        with open(f"/proc/{pid}/environ", "rb") as stream:
            marked = mark in stream.read().split(b"\\0")
        if marked and int(pid) != os.getpid():
            os.kill(int(pid), 9)
    except OSError:
        pass
"""


def variables_for_run(variables: Mapping[str, str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """Options that hand variables to ``docker run``, and the environment that carries their values.

    Only names stand on the command line. The few names that the docker client itself obeys (``PATH``,
    ``DOCKER_HOST``) carry their value there, unless they are secrets: those are left out.
    """
    options: list[str] = []
    carried: dict[str, str] = {}
    for name, value in variables.items():
        if not _is_read_by_client(name):
            options += ["--env", name]
            carried[name] = value
        elif not is_secret_name(name):
            options += ["--env", f"{name}={value}"]
    return tuple(options), carried


def _is_read_by_client(name: str) -> bool:
    return name in _READ_BY_CLIENT_TOO or name.lower() in _PROXIES or name.startswith(_READ_BY_CLIENT)


@dataclass(frozen=True, kw_only=True)
class ComposeArtifact:
    """The image of one service."""

    service: str
    image: str
    """The image's id."""
    label: str
    layout: Layout
    facts: ImageFacts | None
    host: Host = field(repr=False)
    project: str
    """Whose scratch containers are made to ask it."""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    workdir: str | None = None
    """The service's own working folder, where it is not the image's."""
    environment: PythonEnvironment = ON_PATH
    """Where the service finds its Python."""
    network: str = "none"
    """What it reaches while it is asked, as the Engine is told."""
    laid_over: Sequence[LaidOver] = ()
    """What the service mounts over the image's own files: code, and files with settings."""

    @property
    def code(self) -> Mapping[str, str]:
        """Where paths of the application are in it."""
        return self.layout.code

    def python(self, script: str, *args: str, isolated: bool = True, timeout: float | None = None) -> Completed:
        """Runs a script in a scratch container without a network; it is gone afterwards.

        What the service mounts over its image is copied into it, so that what is asked is what would run, and nothing
        that the script writes arrives on the host.
        """
        for python in _pythons(self.environment):
            done = self._run(python, script, args, isolated=isolated, timeout=timeout)
            if not _is_missing(done):
                break
        return done

    def importing(self, entrypoint: str, chdir: str = "") -> ComposeArtifact:
        """The same, where its server imports an entry point."""
        place = _import_place(self, self._folder(), entrypoint, chdir)
        if place is None:
            return self
        return replace(self, workdir=place.folder, variables={**self.variables, **_added(self, place)})

    def _folder(self) -> str:
        return self.workdir or (self.facts.workdir if self.facts is not None else "")

    def _run(
        self, python: Sequence[str], script: str, args: tuple[str, ...], *, isolated: bool, timeout: float | None
    ) -> Completed:
        name = scratch_name()
        options, carried = variables_for_run(self.variables)
        over = archive_of(self.laid_over)
        argv = ["docker", "create" if over else "run", "--rm", "--interactive", "--name", name]
        argv += ["--label", "=".join(scratch_label(self.project))]
        argv += ["--pull", "never", "--network", self.network, *options]
        argv += ["--workdir", self.workdir] if self.workdir and not isolated else []
        argv += ["--entrypoint", python[0], self.image, *python[1:], *(["-I"] if isolated else []), "-", *args]
        command = Command(argv=tuple(argv), env=carried, stdin=script.encode(), timeout=timeout)
        ended = False
        try:
            if over:
                self.host.run(replace(command, stdin=None, timeout=_MAKING)).require()
                copy = Command(argv=("docker", "cp", "-", f"{name}:/"), stdin=over, timeout=_MAKING)  # keeps owners
                if not self.host.run(copy).ok:  # the Engine's own files, /etc/hosts, take no copy; code does
                    code = archive_of([one for one in self.laid_over if one.source.is_dir()])
                    if code:
                        self.host.run(replace(copy, stdin=code)).require()
                command = replace(command, argv=("docker", "start", "--attach", "--interactive", name), env={})
            done = self.host.run(command, output_limit=None)
            ended = not done.timed_out and not (over and _is_missing(done))
        finally:
            if not ended:
                self.host.run(Command(argv=("docker", "rm", "--force", "--volumes", name), timeout=30.0))
        return done

    def files(self, paths: Iterable[str]) -> dict[str, FileDigest]:
        """Digests from a container that is created, never started, and removed, and of what is mounted over it."""
        wanted = list(paths)
        seen = (unpacked(self.image, posixpath.normpath(path), project=self.project) for path in wanted)
        files = {path: digest for one in seen if one is not None for path, digest in one.files.items()}
        return merged(self.laid_over, wanted, files)

    def text(self, path: str) -> str | None:
        """The text of a file of the image, or of one that is mounted over it."""
        over = next((there for one in self.laid_over if (there := one.at(path)) is not None), None)
        if over is not None:
            return over.read_text(encoding="utf-8", errors="replace") if over.is_file() else None
        with connect() as client, scratch(client, self.image, project=self.project) as container:
            return text_in(container, path)

    def exists(self, path: str) -> bool:
        """Whether a program or path is in the image, or mounted over it; ``./probe`` stands in the working folder."""
        path = _from(self._folder(), path)
        over = next((there for one in self.laid_over if (there := one.at(path)) is not None), None)
        if over is not None:
            return over.exists()
        with connect() as client, scratch(client, self.image, project=self.project) as container:
            container.reload()
            return exists_in(container, path)


@dataclass(frozen=True, kw_only=True)
class ComposeInside:
    """The running container of one service."""

    service: str
    container: str
    """The container's name."""
    layout: Layout
    host: Host = field(repr=False)
    environment: PythonEnvironment = ON_PATH
    """Where the service finds its Python."""
    workdir: str = "/"
    """Where its process began."""
    place: ImportPlace | None = None
    """Where it is asked, where that is not where its process began."""

    @property
    def code(self) -> Mapping[str, str]:
        """Where paths of the application are in it."""
        return self.layout.code

    @property
    def label(self) -> str:
        """What people call it."""
        return f"container {self.container}"

    def importing(self, entrypoint: str, chdir: str = "") -> ComposeInside:
        """The same, where its server imports an entry point."""
        return replace(self, place=_import_place(self, self.workdir, entrypoint, chdir))

    def python(self, script: str, *args: str, isolated: bool = True, timeout: float | None = None) -> Completed:
        """Runs a script in the container; one that does not end in time is ended there as well."""
        for python in _pythons(self.environment):
            done = self._run(python, script, args, isolated=isolated, timeout=timeout)
            if not _is_missing(done):
                break
        return done

    def _run(
        self, python: Sequence[str], script: str, args: tuple[str, ...], *, isolated: bool, timeout: float | None
    ) -> Completed:
        mark = f"{_MARK}={secrets.token_hex(8)}"
        moved: tuple[str, ...] = ()
        if self.place is not None and not isolated:
            added = (f"{name}={value}" for name, value in _added(self, self.place).items())
            moved = ("--workdir", self.place.folder, *(word for one in added for word in ("--env", one)))
        argv = ("docker", "exec", "--interactive", "--env", mark, *moved, self.container, *python)
        words = (*(("-I",) if isolated else ()), "-", *args)
        ended = False
        try:
            done = self.host.run(
                Command(argv=(*argv, *words), stdin=script.encode(), timeout=timeout), output_limit=None
            )
            ended = not done.timed_out
        finally:
            if not ended:
                killer = ("docker", "exec", "--interactive", self.container, *python, "-I", "-", mark)
                self.host.run(Command(argv=killer, stdin=_KILLER.encode(), timeout=30.0))
        return done

    def files(self, paths: Iterable[str]) -> dict[str, FileDigest]:
        """Digests of what stands in the container now, its mounts included."""
        with connect() as client:
            return files_in(client.containers.get(self.container), paths)

    def text(self, path: str) -> str | None:
        """The text of a file that stands in the container now."""
        with connect() as client:
            return text_in(client.containers.get(self.container), path)

    def exists(self, path: str) -> bool:
        """Whether a program or path is in the container now."""
        with connect() as client:
            return exists_in(client.containers.get(self.container), _from(self.workdir, path))


def _from(folder: str, path: str) -> str:
    """A path as a process in that folder finds it; a bare name is looked up on the PATH and stays."""
    return posixpath.normpath(posixpath.join("/", folder, path)) if "/" in path else path


def _import_place(
    inside: ComposeArtifact | ComposeInside, workdir: str, entrypoint: str, chdir: str
) -> ImportPlace | None:
    """Where an entry point is imported; None where that is the working folder, or it is not there after all."""
    place = ImportPlace(chdir) if chdir else import_place(inside.environment.said, entrypoint)
    if place == ImportPlace():
        return None
    place = place.below(workdir or "/")
    return place if chdir or any(map(inside.exists, place.candidates(entrypoint))) else None


def _added(inside: ComposeArtifact | ComposeInside, place: ImportPlace) -> dict[str, str]:
    """The variables with which Python looks there as well."""
    paths = filter(None, (place.path, inside.environment.pythonpath))
    return {"PYTHONPATH": ":".join(paths)} if place.path else {}


def _pythons(environment: PythonEnvironment) -> list[tuple[str, ...]]:
    """How Python is called, the surest way first; what the entry command only seemed to name may be missing."""
    return list(dict.fromkeys([environment.words(_PYTHONS[:1]), *((name,) for name in _PYTHONS)]))


def _is_missing(done: Completed) -> bool:
    said = f"{done.errors}{done.output}"
    refused = done.code in _NOT_FOUND or _REFUSED in done.errors  # `docker start` has no exit code of its own for it
    return refused and any(words in said for words in _NO_PROGRAM)
