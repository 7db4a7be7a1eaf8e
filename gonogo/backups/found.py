"""Which databases an environment has: those that run in its containers, and those that its variables name."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from gonogo.backups.access import InContainer, OnHost
from gonogo.backups.folders import Folder
from gonogo.backups.mysql import PRELUDE as MYSQL_PRELUDE
from gonogo.backups.mysql import Mysql
from gonogo.backups.postgres import PRELUDE, Postgres
from gonogo.backups.putback import is_ours
from gonogo.backups.source import Source
from gonogo.backups.sqlite import Here, Sqlite, files_below
from gonogo.config.backups import BackupRule
from gonogo.errors import RefusedError
from gonogo.host.runner import Host
from gonogo.runtimes.base import Place
from gonogo.runtimes.compose.engine import connect, containers_of
from gonogo.runtimes.place import maker
from gonogo.runtimes.protocols import Runtime
from gonogo.state.release import Release

if TYPE_CHECKING:
    from docker.models.containers import Container

__all__ = ["Found", "Server", "databases", "named", "servers_among"]

_SERVICE = "com.docker.compose.service"
_POSTGRES = frozenset({"postgres", "postgresql"})
_MYSQL = frozenset({"mysqld", "mariadbd"})
_OF_MYSQL = frozenset({"mysql", "mariadb"})
"""Schemes of their addresses."""
_LISTED_THERE = (
    "SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT IN "
    "('mysql', 'sys', 'information_schema', 'performance_schema') ORDER BY 1"
)
_OTHERS = {"mongod": "MongoDB"}
"""Servers that keep data and that gonogo cannot dump: by what they run."""
_NOT_OURS = frozenset({"postgres"})
"""The database for maintenance: it holds an application's data only where that says so."""
_LISTED = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname"
_SQLITE = "sqlite"


@dataclass(frozen=True, kw_only=True)
class Server:
    """A container that runs PostgreSQL, or MySQL."""

    service: str
    is_mysql: bool = False
    container: str
    image: str
    names: frozenset[str]
    """By which others reach it."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What can be backed up, and what is known not to be."""

    sources: tuple[Source, ...] = ()
    left: tuple[str, ...] = ()
    """Databases that are in no backup, one sentence each."""

    @property
    def said(self) -> str:
        """As one line."""
        return ", ".join(f"{one.name} ({one.kind})" for one in self.sources)


@dataclass(frozen=True, kw_only=True)
class _Around:
    """What is known around the databases."""

    place: Place
    variables: Mapping[str, Mapping[str, str]]
    """Service → its variables."""
    servers: Sequence[Server]
    containers: Mapping[str, tuple[str, str]]
    """Service → a running container of it, and its image."""
    mounts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Service → what is mounted where, of the deployed ones: place in the container → what stands behind it."""
    others: tuple[str, ...] = ()
    """What servers of other makes keep."""

    @property
    def host(self) -> Host:
        return self.place.host

    def urls(self) -> Iterator[tuple[str, str]]:
        """Variable and value of whatever looks like an address, each value once."""
        seen: set[str] = set()
        for values in self.variables.values():
            for name, value in values.items():
                if "://" in value and value not in seen:
                    seen.add(value)
                    yield name, value


def databases(place: Place, runtime: Runtime, release: Release | None) -> Found:
    """The databases of a release, or without one of whatever runs; the rule of the environment says which.

    Raises:
        GonogoError: the runtime could not be asked, or something that is named is not there.
    """
    rule = place.environment.backup or BackupRule()
    if release is not None:
        runtime, place = maker(runtime, place, release)
    around = _around(place, runtime, release)
    named = [_named(name, around) for name in rule.databases]
    files = [_file(name, around) for name in rule.sqlite]
    folders = [_folder(name, around) for name in rule.folders]
    if named or files:
        return Found(sources=(*named, *files, *folders))
    found = _by_itself(around, is_told=place.environment.backup is not None)
    return Found(sources=(*found.sources, *folders), left=found.left)


def named(place: Place, runtime: Runtime, release: Release | None, name: str, *, is_file: bool = False) -> Source:
    """One database by the name that a backup has of it; ``is_file``: that is an SQLite file's.

    Raises:
        GonogoError: the runtime could not be asked, or it is not there.
    """
    if release is not None:
        runtime, place = maker(runtime, place, release)
    around = _around(place, runtime, release)
    return _file(name, around) if is_file else _named(name, around)


def _around(place: Place, runtime: Runtime, release: Release | None) -> _Around:
    variables: Mapping[str, Mapping[str, str]] = {"": place.variables}
    servers: list[Server] = []
    containers: dict[str, tuple[str, str]] = {}
    mounts: dict[str, Mapping[str, str]] = {}
    others: tuple[str, ...] = ()
    if place.environment.has("a Docker Engine"):
        variables = runtime.expected_variables(place, release) if release is not None else {}
        with connect() as client:
            running = [one for one in containers_of(client, place.environment.project) if one.status == "running"]
            servers, others = list(servers_among(running)), tuple(_others_among(running))
            for one in reversed(running):
                service = one.labels.get(_SERVICE, "")
                containers[service] = (str(one.name), str(one.attrs["Image"]))
                if service in place.environment.service:
                    mounts[service] = {at["Destination"]: at["Source"] for at in one.attrs["Mounts"] if at.get("RW")}
    return _Around(
        place=place, variables=variables, servers=servers, containers=containers, mounts=mounts, others=others
    )


def servers_among(containers: Sequence[Container]) -> Iterator[Server]:
    """Those that run PostgreSQL or MySQL, whatever their image is called."""
    for one in containers:
        programs = _programs(one)
        if programs & (_POSTGRES | _MYSQL):
            yield Server(
                service=_service(one),
                is_mysql=not programs & _POSTGRES,
                container=str(one.name),
                image=str(one.attrs["Image"]),
                names=frozenset(_names(one)),
            )


def _others_among(containers: Sequence[Container]) -> Iterator[str]:
    """What other servers keep, one sentence each."""
    for one in containers:
        for program in sorted(_programs(one) & _OTHERS.keys()):
            yield f"{_service(one)} runs {_OTHERS[program]}: backup.command may keep what it holds"


def _service(container: Container) -> str:
    return container.labels.get(_SERVICE, "") or str(container.name)


def _programs(container: Container) -> set[str]:
    """The names of what runs in it."""
    from docker.errors import APIError  # noqa: PLC0415 (100 ms: only where a check asks)

    try:
        processes: Any = container.top().get("Processes") or ()
    except APIError:  # it ended meanwhile
        return set()
    return {posixpath.basename(word).rstrip(":") for row in processes for word in str(row[-1]).split()[:1]}


def _names(container: Container) -> Iterator[str]:
    yield str(container.name)
    if container.labels.get(_SERVICE):
        yield container.labels[_SERVICE]
    for network in ((container.attrs.get("NetworkSettings") or {}).get("Networks") or {}).values():
        yield from network.get("Aliases") or ()
        if network.get("IPAddress"):
            yield str(network["IPAddress"])


def _by_itself(around: _Around, *, is_told: bool) -> Found:
    """What the deployed services name; of servers that none of them names, all."""
    found: dict[str, Source] = {}
    left: list[str] = [*around.others]
    told = [value for values in around.variables.values() for value in values.values()]
    named = [one for one in around.servers if any(_names_server(value, one) for value in told)]
    for server in named or around.servers:
        sources, others = _of_server(server, around)
        found |= {one.name: one for one in sources}
        left += others
    files, others = _mounted_files(around)
    found |= files
    left += others
    paths = {name.partition(":")[2] for name in files}
    for name, url in around.urls():
        scheme = _scheme(url)
        if scheme in _POSTGRES and _host(url) and not any(_names_server(url, one) for one in around.servers):
            if is_told:
                found[name] = _at_address(name, url)
            else:
                left.append(f"{name} names a database at {_host(url)}, in no container of this project")
        elif scheme == _SQLITE and _sqlite_path(url) in paths:
            continue
        elif scheme == _SQLITE and not is_told and (path := _sqlite_path(url)):
            left.append(f"{name} names the SQLite file {path}: backup.sqlite may keep it")
        elif scheme == _SQLITE and (path := _sqlite_path(url)):
            service = next((one for one, values in around.variables.items() if url in values.values()), "")
            found[path] = _file(f"{service}:{path}" if service else path, around)
    return Found(sources=tuple(found.values()), left=tuple(dict.fromkeys(left)))


def _mounted_files(around: _Around) -> tuple[dict[str, Source], list[str]]:
    """The SQLite files in what is mounted into the deployed services, each once, and those that cannot be copied."""
    found: dict[str, Source] = {}
    left: list[str] = []
    seen: set[str] = set()
    for service, mounts in sorted(around.mounts.items()):
        container, image = around.containers[service]
        access = InContainer(container=container, image=image)
        each = files_below(around.host, access, list(mounts)) if mounts else {}
        for path, obstacle in each.items():
            at = max((at for at in mounts if path == at or path.startswith(f"{at}/")), key=len)
            behind = mounts[at] + path.removeprefix(at)
            if behind in seen:
                continue
            seen.add(behind)
            if obstacle:
                left.append(f"{service}:{path} is an SQLite file that cannot be copied: {obstacle}")
            else:
                found[f"{service}:{path}"] = _file(f"{service}:{path}", around)
    return found, left


def _names_server(value: str, server: Server) -> bool:
    """Whether a variable's value is one of its names, or an address with one of them."""
    return value in server.names or ("://" in value and _host(value) in server.names)


def _of_server(server: Server, around: _Around) -> tuple[list[Source], list[str]]:
    """The databases that addresses name, else the one that its image was told, else all that it has."""
    default, there = _there(server, around.host)
    schemes = _OF_MYSQL if server.is_mysql else _POSTGRES
    urls = [url for _, url in around.urls() if _scheme(url) in schemes and _names_server(url, server)]
    wanted = {_database(url) for url in urls} & {*there}
    if not wanted:
        wanted = {default} - {"", *_NOT_OURS} or {*there} - _NOT_OURS or {default} - {""}
    others = [one for one in there if one not in wanted and one not in _NOT_OURS]
    left = (
        [f"{server.service} also holds {', '.join(others)}: name them under databases to keep them"] if others else []
    )
    return [_inside(server, name) for name in sorted(wanted)], left


def _there(server: Server, host: Host) -> tuple[str, list[str]]:
    """The database that its image was told, and all that it has."""
    if server.is_mysql:
        names = (
            Mysql(name=server.service, access=_access(server), database="mysql").ask(host, _LISTED_THERE).splitlines()
        )
        return "", [one for one in names if not is_ours(one)]
    probe = Postgres(name=server.service, access=_access(server), database="")
    names = [one for one in probe.ask(host, _LISTED).splitlines() if not is_ours(one)]
    return probe.ask(host, "SELECT current_database()"), names


def _access(server: Server) -> InContainer:
    prelude = MYSQL_PRELUDE if server.is_mysql else PRELUDE
    return InContainer(container=server.container, image=server.image, prelude=prelude)


def _inside(server: Server, database: str) -> Source:
    kind = Mysql if server.is_mysql else Postgres
    return kind(name=f"{server.service}/{database}", access=_access(server), database=database)


def _named(name: str, around: _Around) -> Source:
    """A database that gonogo.toml names.

    Raises:
        RefusedError: it is not there.
    """
    service, slash, database = name.partition("/")
    server = next((one for one in around.servers if slash and one.service == service), None)
    if server is not None:
        return _inside(server, database)
    url = next((values[name] for values in around.variables.values() if name in values), "")
    url = url or around.place.variables.get(name, "")
    if _scheme(url) == _SQLITE and (path := _sqlite_path(url)):
        return _file(path, around)
    inside = next((one for one in around.servers if _names_server(url, one)), None)
    if inside is not None and _scheme(url) in (_OF_MYSQL if inside.is_mysql else _POSTGRES):
        return _inside(inside, _database(url))
    if _scheme(url) in _POSTGRES:
        return _at_address(name, url)
    here = ", ".join(one.service for one in around.servers) or "none"
    raise RefusedError(
        f'backup.databases: found "{name}", expected service/database with a service that runs PostgreSQL or MySQL '
        f"(here: {here}), or a variable that holds its address."
    )


def _file(name: str, around: _Around) -> Source:
    """A file that gonogo.toml or an address names; one that stands in a container is asked there.

    Raises:
        RefusedError: the service does not run.
    """
    service, colon, path = name.rpartition(":")
    if not colon:
        return Sqlite(name=name, access=Here(), path=str(around.place.path / Path(name).expanduser()))
    if service not in around.containers:
        raise RefusedError(f'backup.sqlite: found "{name}", expected a service that runs before its colon.')
    container, image = around.containers[service]
    return Sqlite(name=name, access=InContainer(container=container, image=image), path=path)


def _folder(name: str, around: _Around) -> Source:
    """A folder that gonogo.toml names.

    Raises:
        RefusedError: the service does not run.
    """
    service, colon, path = name.rpartition(":")
    if not colon:
        return Folder(name=name, path=str(around.place.path / Path(name).expanduser()))
    if service not in around.containers:
        raise RefusedError(f'backup.folders: found "{name}", expected a service that runs before its colon.')
    return Folder(name=name, path=path, container=around.containers[service][0])


def _at_address(name: str, url: str) -> Postgres:
    """A database that is reached from this machine."""
    parts = urlsplit(url)
    options = dict(pair.partition("=")[::2] for pair in parts.query.split("&") if pair)
    env = {
        "PGHOST": unquote(options.get("host", "")) or parts.hostname or "",
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGSSLMODE": options.get("sslmode", ""),
        "PGSSLROOTCERT": unquote(options.get("sslrootcert", "")),
    }
    address = f"{env['PGHOST']}:{env['PGPORT']}"
    access = OnHost(address=address, env={key: value for key, value in env.items() if value})
    return Postgres(name=name, access=access, database=_database(url))


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _scheme(url: str) -> str:
    return url.partition("://")[0].partition("+")[0].lower()


def _database(url: str) -> str:
    try:
        return unquote(urlsplit(url).path.strip("/"))
    except ValueError:
        return ""


def _sqlite_path(url: str) -> str:
    """``sqlite:////data/app.db`` → ``/data/app.db``; nothing for a database in memory."""
    path = url.partition("://")[2].partition("?")[0].removeprefix("/")
    return "" if path in {"", ":memory:"} else path
