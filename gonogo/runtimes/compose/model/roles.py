"""What a rendered compose model (``docker compose config --format json``) says: who is deployed, who is around it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gonogo.inspection.code.selfmigration import SelfMigration, self_migrating
from gonogo.runtimes.compose.model.pinned import pin, with_build

__all__ = [
    "BindMount",
    "NamedVolume",
    "PublishedPort",
    "SelfMigration",
    "backing",
    "bind_mounts",
    "built_by",
    "crowded",
    "deployed_services",
    "expected_count",
    "fronts",
    "image_name",
    "is_proxy",
    "nothing_to_deploy",
    "one_shots",
    "other_versions",
    "pin",
    "published_ports",
    "self_migrating",
    "start_words",
    "stores_data",
    "volumes_declared",
    "volumes_used",
    "with_build",
]

_PROXIES = frozenset({"nginx", "caddy", "traefik", "haproxy", "httpd", "envoy"})
_PROXY_VARIANTS = frozenset({"nginx-unprivileged", "nginx-proxy", "openresty", "caddy-docker-proxy", "apache", "swag"})
_ANY = "0.0.0.0"  # noqa: S104 - what Compose publishes on when no address is given


@dataclass(frozen=True, slots=True, order=True)
class PublishedPort:
    """One port of the host that a service asks for."""

    service: str
    host_ip: str
    port: int
    protocol: str


@dataclass(frozen=True, slots=True)
class BindMount:
    """One file or folder of the host that a service sees."""

    service: str
    source: str
    target: str
    read_only: bool


@dataclass(frozen=True, slots=True)
class NamedVolume:
    """One named volume: its key in the model and its name at the engine."""

    key: str
    name: str
    external: bool


def deployed_services(model: Mapping[str, Any], declared: Collection[str]) -> tuple[str, ...]:
    """Lists the services that a release consists of: built here, run from an image built here, or declared."""
    built = built_by(model)
    return tuple(name for name in _services(model) if name in declared or name in built)


def nothing_to_deploy(model: Mapping[str, Any], files: Iterable[str]) -> str:
    """What is said of a model without any service that a release could consist of."""
    found = ", ".join(f"{name} ({image_name(model, name)})" for name in _services(model))
    return f"{', '.join(files)}: found no service with `build:` among {found or 'none'}, expected at least one"


def built_by(model: Mapping[str, Any]) -> dict[str, str]:
    """Which service builds the image of each whose image is built here (``jobs`` may run that of ``api``)."""
    services = _services(model)
    builders = {image_name(model, name): name for name, service in reversed(services.items()) if "build" in service}
    return {
        name: name if "build" in service else builders[image_name(model, name)]
        for name, service in services.items()
        if "build" in service or image_name(model, name) in builders
    }


def image_name(model: Mapping[str, Any], service: str) -> str:
    """Names the image of a service, with Compose's own name for one that is built without a name."""
    return str(_services(model)[service].get("image") or f"{model['name']}-{service}")


def other_versions(model: Mapping[str, Any], deployed: Collection[str]) -> dict[str, tuple[str, str]]:
    """Service that is left alone → its image, and the image of the same name under another tag that is built here."""
    built = {_repository(image_name(model, name)): image_name(model, name) for name in set(built_by(model).values())}
    left = {name: image_name(model, name) for name in _services(model) if name not in deployed}
    return {name: (image, built[_repository(image)]) for name, image in left.items() if _repository(image) in built}


def fronts(model: Mapping[str, Any], deployed: Collection[str]) -> tuple[str, ...]:
    """Lists the services before the deployed ones: they depend on one, or run a known proxy."""
    return tuple(
        name
        for name in _services(model)
        if name not in deployed and (is_proxy(image_name(model, name)) or _needs(model, name) & set(deployed))
    )


def backing(model: Mapping[str, Any], deployed: Collection[str]) -> tuple[str, ...]:
    """Lists the services behind the deployed ones: stores, queues, and what else is left running."""
    others = {*deployed, *fronts(model, deployed)}
    return tuple(name for name in _services(model) if name not in others)


def stores_data(model: Mapping[str, Any], name: str) -> bool:
    """Whether a service keeps data in a volume and waits for no other one, as a database does."""
    return bool(volumes_used(model).get(name)) and not _needs(model, name)


def one_shots(model: Mapping[str, Any]) -> tuple[str, ...]:
    """Lists the services that run to their end and exit.

    Those are: one whose success another service waits for, one in a job mode, and one that does nothing but migrate.
    A missing restart policy alone says nothing; most servers have none.
    """
    awaited = {
        name
        for service in _services(model).values()
        for name, how in _depends_on(service).items()
        if how.get("condition") == "service_completed_successfully"
    }
    return tuple(name for name, service in _services(model).items() if name in awaited or _ends_by_itself(service))


def expected_count(definition: Mapping[str, Any]) -> int:
    """How many containers a service should have: ``scale``, ``deploy.replicas``, or one."""
    replicas = (definition.get("deploy") or {}).get("replicas")
    scale = definition.get("scale")
    return int(next((value for value in (scale, replicas) if value is not None), 1))


def crowded(model: Mapping[str, Any]) -> Mapping[PublishedPort, int]:
    """Which ports more instances of a service want than their entry has numbers → how many do."""
    found: dict[PublishedPort, int] = {}
    for name, service in _services(model).items():
        count = expected_count(service)
        for port in service.get("ports") or ():
            numbers = _numbers(str(port.get("published") or ""))
            if 0 < len(numbers) < count:
                first = PublishedPort(name, port.get("host_ip") or _ANY, numbers[0], port.get("protocol") or "tcp")
                found[first] = count
    return found


def published_ports(model: Mapping[str, Any]) -> tuple[PublishedPort, ...]:
    """Lists the host's ports that the model asks for, ranges in full; ports that the engine chooses are left out."""
    return tuple(
        PublishedPort(name, port.get("host_ip") or _ANY, number, port.get("protocol") or "tcp")
        for name, service in _services(model).items()
        for port in service.get("ports") or ()
        for number in _numbers(str(port.get("published") or ""))
    )


def bind_mounts(model: Mapping[str, Any]) -> tuple[BindMount, ...]:
    """Lists what services see of the host's files: bind mounts, and configs and secrets that are files."""
    return tuple(mount for name, service in _services(model).items() for mount in _mounts(model, name, service))


def volumes_declared(model: Mapping[str, Any]) -> tuple[NamedVolume, ...]:
    """Lists the named volumes with the names that the engine knows them by."""
    return tuple(
        NamedVolume(key, (volume or {}).get("name") or f"{model['name']}_{key}", bool((volume or {}).get("external")))
        for key, volume in (model.get("volumes") or {}).items()
    )


def volumes_used(model: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Lists for each service the named volumes that it may write to, by the names that the engine knows them by."""
    names = {volume.key: volume.name for volume in volumes_declared(model)}
    return {
        name: tuple(
            names.get(str(volume.get("source")), str(volume.get("source")))
            for volume in service.get("volumes") or ()
            if volume.get("type") == "volume" and volume.get("source") and not volume.get("read_only")
        )
        for name, service in _services(model).items()
    }


def start_words(service: Mapping[str, Any]) -> tuple[str, ...]:
    """Gives the words that a service overrides its image's start with: entry point, then command."""
    return tuple(word for key in ("entrypoint", "command") for word in _as_words(service.get(key)))


def _services(model: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return dict(model.get("services") or {})


def _depends_on(service: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    needs = service.get("depends_on") or {}
    return {name: (needs[name] or {}) if isinstance(needs, Mapping) else {} for name in needs}


def _needs(model: Mapping[str, Any], name: str) -> set[str]:
    """Collects what a service depends on, directly or through others."""
    services, found, work = _services(model), set[str](), [name]
    while work:
        for other in _depends_on(services.get(work.pop(), {})):
            if other not in found:
                found.add(other)
                work.append(other)
    return found


def is_proxy(image: str) -> bool:
    """Whether an image is a known proxy's, by its name."""
    repository = _repository(image).rpartition("/")[2].casefold()
    return repository in _PROXIES or repository in _PROXY_VARIANTS


def _repository(image: str) -> str:
    """An image's name without its tag and digest; a colon before the last slash is a registry's port."""
    path, slash, name = image.partition("@")[0].rpartition("/")
    return path + slash + name.partition(":")[0]


def _ends_by_itself(service: Mapping[str, Any]) -> bool:
    mode = (service.get("deploy") or {}).get("mode", "")
    migration = self_migrating(start_words(service))
    restarts = service.get("restart") in {"always", "unless-stopped"}
    return mode.endswith("-job") or (migration is not None and migration.is_all and not restarts)


def _numbers(published: str) -> range:
    first, _, last = published.partition("-")
    return range(int(first), int(last or first) + 1) if first.isdecimal() and int(first) else range(0)


def _mounts(model: Mapping[str, Any], name: str, service: Mapping[str, Any]) -> Iterator[BindMount]:
    for volume in service.get("volumes") or ():
        if volume.get("type") == "bind":
            yield BindMount(name, volume["source"], volume["target"], bool(volume.get("read_only")))
    for kind in ("configs", "secrets"):
        for used in service.get(kind) or ():
            defined = (model.get(kind) or {}).get(used["source"]) or {}
            if "file" in defined:
                yield BindMount(name, defined["file"], _target(kind, used), read_only=True)


def _target(kind: str, used: Mapping[str, Any]) -> str:
    target = str(used.get("target") or used["source"])
    return target if target.startswith("/") else f"/run/secrets/{target}" if kind == "secrets" else f"/{target}"


def _as_words(value: str | Sequence[str] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())
