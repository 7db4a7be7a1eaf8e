"""The Docker Engine's read-only answers: containers, images, files. Bounded, and closed after each question."""

from __future__ import annotations

import base64
import contextlib
import gc
import json
import os
import posixpath
import re
import secrets
import traceback
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from gonogo.host.busy import patient
from gonogo.inspection.code import databases
from gonogo.inspection.code.contents import FileDigest
from gonogo.inspection.code.image_files import TarStreamError, read_tar, read_text
from gonogo.runtimes.base import ImageFacts, LogLine, RuntimeUnreachableError
from gonogo.runtimes.compose.address import Address, address

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container
    from docker.tls import TLSConfig

__all__ = [
    "SCRATCH_LABEL",
    "Archived",
    "archive",
    "connect",
    "containers_of",
    "databases_in",
    "exists_in",
    "files_in",
    "health_said",
    "image_facts",
    "keeping",
    "log_of",
    "plain_lines",
    "scratch",
    "scratch_label",
    "scratch_name",
    "scratch_of",
    "stamped_lines",
    "text_in",
]

SCRATCH_LABEL = "gonogo.scratch"
_SECONDS = 30
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_EXECUTABLE = 0o111
_ANSWER_LINES = 3
_FOLDER = 1 << 31
"""The bit of a folder in a mode of Go's."""
_DATABASES = (".db", ".db3", ".sqlite", ".sqlite3")
_BLOCK = 512
"""Bytes of the header that a tar archive has before a file."""
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@contextlib.contextmanager
def connect() -> Iterator[DockerClient]:
    """A client of the Engine that the docker command talks to.

    Raises:
        RuntimeUnreachableError: it does not answer, or not in time.
    """
    from docker.errors import DockerException  # noqa: PLC0415 (100 ms: only where a check asks)
    from requests.exceptions import RequestException  # noqa: PLC0415 (likewise)

    try:
        with contextlib.closing(_client()) as client:
            yield client
    except (DockerException, RequestException) as error:
        _drop_lost_sockets(error)
        raise RuntimeUnreachableError(
            f"Docker: found no usable answer ({error}), expected one from the Docker Engine within {_SECONDS} s. "
            "Try `docker version`; start the Engine if it is down."
        ) from error


def _client() -> DockerClient:
    import docker  # noqa: PLC0415 (100 ms: only where a check asks)

    timeout, found = round(patient(_SECONDS)), address()
    if found is None:
        return docker.from_env(timeout=timeout)
    return docker.DockerClient(base_url=found.host, tls=_certificates(found) or False, timeout=timeout)


def _certificates(found: Address) -> TLSConfig | None:
    from docker.tls import TLSConfig  # noqa: PLC0415 (as above)

    if found.tls is None:
        return None
    authority, own, key = (found.tls / name for name in ("ca.pem", "cert.pem", "key.pem"))
    return TLSConfig(
        client_cert=(str(own), str(key)) if own.is_file() and key.is_file() else None,
        ca_cert=str(authority) if authority.is_file() else None,
        verify=found.verified,
    )


def _drop_lost_sockets(error: BaseException) -> None:
    """Collects the sockets that the SDK leaves open when it cannot connect; its error's frames hold them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        link: BaseException | None = error
        while link is not None:
            traceback.clear_frames(link.__traceback__)
            link = link.__context__
        gc.collect()


def containers_of(client: DockerClient, project: str) -> list[Container]:
    """Every container of a Compose project, stopped ones too, without those of ``compose run``."""
    filters: dict[str, str | list[str] | bool] = {
        "label": [f"com.docker.compose.project={project}", "com.docker.compose.oneoff=False"]
    }
    found = client.containers.list(all=True, filters=filters, ignore_removed=True)
    return sorted(found, key=lambda container: container.name or "")


def image_facts(attrs: Mapping[str, Any]) -> ImageFacts:
    """What ``docker image inspect`` says, in our words."""
    config = attrs.get("Config") or {}
    check = (config.get("Healthcheck") or {}).get("Test") or None
    return ImageFacts(
        id=attrs["Id"],
        tags=tuple(attrs.get("RepoTags") or ()),
        user=config.get("User") or "",
        labels=dict(config.get("Labels") or {}),
        healthcheck=tuple(check) if check and check != ["NONE"] else None,
        size=int(attrs.get("Size") or 0),
        created=attrs.get("Created") or "",
        workdir=config.get("WorkingDir") or "/",
        command=(*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())),
    )


def scratch_of(project: str, run: str) -> str:
    """Whose a scratch container is: a project's, and the run's that asked the gate; ``bare`` when no run did."""
    return f"{project}/{run}"


def scratch_label(project: str) -> tuple[str, str]:
    """The label of a scratch container that this process makes; a killed gate's are found by it."""
    return SCRATCH_LABEL, scratch_of(project, os.environ.get("GONOGO_GATE", "bare"))


def scratch_name() -> str:
    """A name that says whose container it is and that it may go."""
    return f"gonogo-scratch-{secrets.token_hex(6)}"


_KEPT: dict[tuple[str, str], str] = {}
"""(image, project) → the id of the container through which this gate looks at it."""
_IS_KEPT: list[bool] = []


@contextlib.contextmanager
def keeping() -> Iterator[None]:
    """Inside it an image is looked at through one scratch container, which is removed at the end."""
    _IS_KEPT.append(True)
    try:
        yield
    finally:
        _IS_KEPT.pop()
        if _KEPT and not _IS_KEPT:
            with contextlib.suppress(RuntimeUnreachableError), connect() as client:
                while _KEPT:
                    _remove(client, _KEPT.popitem()[1])


def _remove(client: DockerClient, name: str) -> None:
    from docker.errors import NotFound  # noqa: PLC0415 (100 ms: only where a check asks)

    with contextlib.suppress(NotFound):
        client.containers.get(name).remove(force=True, v=True)


@contextlib.contextmanager
def scratch(client: DockerClient, image: str, *, project: str) -> Iterator[Container]:
    """A container that is created, never started, and always removed; the same one for an image inside ``keeping``."""
    kept = _kept(client, image, project)
    container = kept or client.containers.create(
        image,
        ["gonogo-never-started"],
        name=scratch_name(),
        labels=dict([scratch_label(project)]),
        network_mode="none",
    )
    if _IS_KEPT:
        _KEPT[image, project] = str(container.id)
    try:
        yield container
    finally:
        if not _IS_KEPT:
            container.remove(force=True, v=True)


def _kept(client: DockerClient, image: str, project: str) -> Container | None:
    """The container that was made for it before, unless somebody removed it meanwhile."""
    from docker.errors import NotFound  # noqa: PLC0415 (as above)

    try:
        return client.containers.get(_KEPT[image, project])
    except (KeyError, NotFound):
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Archived:
    """What stands at a path of a container, as the Engine hands it out."""

    stream: Iterable[bytes] = field(repr=False)
    """The chunks of a tar archive."""
    link: str = ""
    """What it points to, where it is a link."""
    is_folder: bool = False


@contextlib.contextmanager
def archive(container: Container, path: str, *, follow: bool = False) -> Iterator[Archived | None]:
    """What stands at a path, or behind the link there; None where nothing does.

    It need not be read to its end: until it is closed, the Engine lets nobody else look into the container.

    Raises:
        RuntimeUnreachableError: the archive ended early.
    """
    from docker.errors import NotFound  # noqa: PLC0415 (100 ms: only where a check asks)

    try:
        stream, found = container.get_archive(path)
    except NotFound:
        yield None
        return
    link, mode = str((found or {}).get("linkTarget") or ""), int((found or {}).get("mode") or 0)
    with contextlib.closing(stream):  # type: ignore[type-var]  # a generator, whatever the stubs say
        if not (follow and link):
            try:
                yield Archived(stream=stream, link=link, is_folder=bool(mode & _FOLDER))
            except TarStreamError as error:
                raise RuntimeUnreachableError(f"{path} in container {container.name}: {error}") from error
            return
    with archive(container, link) as behind:
        yield behind


def text_in(container: Container, path: str) -> str | None:
    """The text of a file, through a link; None where no file is.

    Raises:
        RuntimeUnreachableError: the Engine's archive ended early.
    """
    with archive(container, path, follow=True) as found:
        return None if found is None or found.is_folder else read_text(found.stream)


def files_in(container: Container, paths: Iterable[str]) -> dict[str, FileDigest]:
    """Digests of the files and links below absolute paths of a container; missing paths are left out.

    Raises:
        RuntimeUnreachableError: the Engine's archive ended early.
    """
    found: dict[str, FileDigest] = {}
    for path in dict.fromkeys(posixpath.normpath(path) for path in paths):
        with archive(container, path) as there:
            if there is not None:
                found |= read_tar(there.stream, base=posixpath.dirname(path)).files
    return found


def databases_in(container: Container) -> Iterator[str]:
    """Where a container itself, and none of its mounts, holds an SQLite database that a migration tool knows."""
    for change in container.diff() or ():
        path = str(change["Path"])
        if not path.endswith(_DATABASES):
            continue
        with archive(container, path) as there:
            begin = b"" if there is None else b"".join(_first(there.stream, _BLOCK + databases.READ))
        if databases.is_kept_account(begin[_BLOCK:]):
            yield path


def _first(stream: Iterable[bytes], size: int) -> Iterator[bytes]:
    for chunk in stream:
        yield chunk
        size -= len(chunk)
        if size <= 0:
            return


def exists_in(container: Container, path: str) -> bool:
    """Whether a path is there; a bare name is looked up, as a program, on the container's PATH."""
    if "/" in path:
        return _mode(container, path) is not None
    folders = _search_path(container.attrs.get("Config", {}).get("Env") or ()).split(":")
    modes = (_mode(container, posixpath.join(folder, path)) for folder in folders if folder)
    return any(mode is not None and mode & _EXECUTABLE for mode in modes)


def _search_path(variables: Iterable[str]) -> str:
    pairs = (variable.partition("=") for variable in variables)
    return next((value for name, _, value in pairs if name == "PATH"), _PATH)


def _mode(container: Container, path: str, *, follow: bool = True) -> int | None:
    """The mode of a path in a container, or None where nothing stands; a link counts as what it points to."""
    client = container.client
    assert client is not None  # noqa: S101 (a container that the SDK gave us has one)
    api = client.api
    answer = api.head(
        f"{api.base_url}/v{api.api_version}/containers/{container.id}/archive",
        params={"path": path},
        timeout=patient(_SECONDS),
    )
    answer.close()
    if answer.status_code == 404:  # noqa: PLR2004 (HTTP's not found)
        return None
    answer.raise_for_status()
    status = json.loads(base64.b64decode(answer.headers["X-Docker-Container-Path-Stat"]))
    if status.get("linkTarget") and follow:
        return _mode(container, status["linkTarget"], follow=False)
    return int(status["mode"])


def health_said(state: Mapping[str, Any]) -> str:
    """What a container's health check said last, where it did not pass, behind its exit code."""
    log = (state.get("Health") or {}).get("Log") or ()
    if not log or log[-1]["ExitCode"] == 0:
        return ""
    lines = plain_lines(log[-1]["Output"].encode())[-_ANSWER_LINES:]
    return f"exit code {log[-1]['ExitCode']}: {' | '.join(lines) or 'it said nothing'}"


def log_of(container: Container, *, since: datetime | None, tail: int, timestamps: bool = False) -> bytes | None:
    """What a container wrote; None where its logging driver keeps nothing that the Engine could read."""
    from docker.errors import APIError  # noqa: PLC0415 (100 ms: only where a check asks)

    moment = since.timestamp() if since is not None else None
    try:
        return container.logs(since=moment, tail=tail, timestamps=timestamps)
    except APIError as error:
        if error.status_code == HTTPStatus.NOT_IMPLEMENTED:
            return None
        raise


def plain_lines(raw: bytes) -> list[str]:
    """Logs lines without colours and without empty ones."""
    text = _ANSI.sub("", raw.decode("utf-8", errors="replace"))
    return [line.rstrip("\r") for line in text.split("\n") if line.strip()]


def stamped_lines(raw: bytes) -> list[LogLine]:
    """The same of a log in which the Engine wrote the time before each line."""
    parted = (line.partition(" ") for line in plain_lines(raw))
    return [LogLine(text, _moment(stamp)) for stamp, _, text in parted if text.strip()]


def _moment(stamp: str) -> datetime | None:
    """A time of the Engine's, which counts nanoseconds."""
    try:
        return datetime.fromisoformat(stamp)
    except ValueError:
        return None
