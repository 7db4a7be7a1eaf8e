"""A Compose model made from what the Engine says of running containers, where the files that started them are gone."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

__all__ = ["SERVICE", "model_of"]

SERVICE = "com.docker.compose.service"
_LABEL = "com.docker.compose."
_DEPENDS_ON = "com.docker.compose.depends_on"
_ANONYMOUS = re.compile(r"[0-9a-f]{64}")
_ALIKE = {
    "CapAdd": "cap_add",
    "CapDrop": "cap_drop",
    "CpuShares": "cpu_shares",
    "CpusetCpus": "cpuset",
    "Dns": "dns",
    "DnsOptions": "dns_opt",
    "DnsSearch": "dns_search",
    "ExtraHosts": "extra_hosts",
    "GroupAdd": "group_add",
    "Init": "init",
    "OomScoreAdj": "oom_score_adj",
    "PidMode": "pid",
    "PidsLimit": "pids_limit",
    "Privileged": "privileged",
    "ReadonlyRootfs": "read_only",
    "SecurityOpt": "security_opt",
    "Sysctls": "sysctls",
    "UsernsMode": "userns_mode",
}
"""What the Engine and Compose write in the same way; nothing, zero and no are what both start from."""
_USUAL = {"IpcMode": ("ipc", "private"), "Runtime": ("runtime", "runc"), "ShmSize": ("shm_size", 64 << 20)}
"""What has another value where nobody says one."""
_TIMES = {
    "Interval": "interval",
    "Timeout": "timeout",
    "StartPeriod": "start_period",
    "StartInterval": "start_interval",
}
_NETWORK_MODES = ("host", "none", "bridge")


def model_of(
    containers: Iterable[Mapping[str, Any]], images: Mapping[str, Mapping[str, Any]], *, project: str
) -> dict[str, Any]:
    """Makes the model that would start containers like these again.

    Args:
        containers: what ``docker inspect`` says of each container of the project.
        images: image id → the ``Config`` of ``docker image inspect``; what an image sets itself is left out.
        project: the Compose project's name.
    """
    services: dict[str, Any] = {}
    volumes: dict[str, Any] = {}
    networks: dict[str, Any] = {}
    counts: dict[str, int] = {}
    for container in containers:
        name = container["Config"]["Labels"][SERVICE]
        counts[name] = counts.get(name, 0) + 1
        if name not in services:
            services[name] = _service(container, images.get(container["Image"]) or {}, project)
        for mount in _named(container):
            volumes[mount["Name"]] = {"name": mount["Name"], "external": True}
        for network in services[name].get("networks", {}):
            networks[network] = {"name": network, "external": True}
    for name, count in counts.items():
        if count > 1:
            services[name]["scale"] = count
    for service in services.values():
        service["depends_on"] = {other: how for other, how in service["depends_on"].items() if other in services}
    return {"name": project, "services": services, "volumes": volumes, "networks": networks}


def _service(container: Mapping[str, Any], image: Mapping[str, Any], project: str) -> dict[str, Any]:
    config, host = container["Config"], container["HostConfig"]
    labels = config.get("Labels") or {}
    found: dict[str, Any] = {
        "image": config["Image"],
        "environment": dict(_variables(config, image)),
        "labels": {name: _written(value) for name, value in _own(labels, image.get("Labels")) if _LABEL not in name},
        "volumes": list(_volumes(container)),
        "ports": list(_ports(host)),
        "depends_on": dict(_depends_on(labels.get(_DEPENDS_ON, ""))),
        **dict(_words(config, image)),
        **dict(_settings(config, host)),
        **dict(_limits(host)),
        **dict(_machine(host)),
    }
    exposed = sorted(set(config.get("ExposedPorts") or ()) - {*(image.get("ExposedPorts") or ()), *_published(host)})
    if exposed:  # what a proxy that reads labels sends requests to
        found["expose"] = exposed
    if config.get("Hostname") not in {None, "", container["Id"][:12]} and host.get("NetworkMode") != "host":
        found["hostname"] = config["Hostname"]
    found |= _network(container, labels[SERVICE])
    name = container["Name"].lstrip("/")
    if not re.fullmatch(rf"{re.escape(project)}[-_]{re.escape(labels[SERVICE])}[-_]\d+", name):
        found["container_name"] = name
    return found


def _variables(config: Mapping[str, Any], image: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    given = set(image.get("Env") or ())
    for variable in config.get("Env") or ():
        if variable not in given:
            name, _, value = variable.partition("=")
            yield name, _written(value)


def _words(config: Mapping[str, Any], image: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What is run, as whom and where, as far as the image does not say so itself."""
    other_entry = config.get("Entrypoint") != image.get("Entrypoint")
    if other_entry:
        yield "entrypoint", [_written(word) for word in config.get("Entrypoint") or ()]
    if (other_entry or config.get("Cmd") != image.get("Cmd")) and config.get("Cmd"):
        yield "command", [_written(word) for word in config["Cmd"]]
    for key, name in (("User", "user"), ("WorkingDir", "working_dir"), ("StopSignal", "stop_signal")):
        if config.get(key) and config[key] != image.get(key):
            yield name, config[key]
    check = config.get("Healthcheck")
    if check and check != image.get("Healthcheck"):
        yield "healthcheck", dict(_healthcheck(check))


def _healthcheck(check: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if check.get("Test"):
        yield "test", [_written(word) for word in check["Test"]]
    for key, name in _TIMES.items():
        if check.get(key):
            yield name, f"{check[key] // 1_000_000}ms"
    if check.get("Retries"):
        yield "retries", check["Retries"]


def _settings(config: Mapping[str, Any], host: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    policy = host.get("RestartPolicy") or {}
    if policy.get("Name") not in {None, "", "no"}:
        count = policy.get("MaximumRetryCount")
        yield "restart", f"{policy['Name']}:{count}" if count else policy["Name"]
    for key, name in _ALIKE.items():
        if host.get(key):
            yield name, host[key]
    for key, (name, usual) in _USUAL.items():
        if host.get(key) not in {None, "", usual}:
            yield name, host[key]
    if host.get("Tmpfs"):
        yield "tmpfs", [f"{path}:{options}" if options else path for path, options in host["Tmpfs"].items()]
    if config.get("StopTimeout") is not None:
        yield "stop_grace_period", f"{config['StopTimeout']}s"
    for key, name in (("Tty", "tty"), ("OpenStdin", "stdin_open")):
        if config.get(key):
            yield name, True


def _limits(host: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """How much of the machine it gets."""
    memory = host.get("Memory") or 0
    if memory:
        yield "mem_limit", str(memory)
    if host.get("MemoryReservation"):
        yield "mem_reservation", str(host["MemoryReservation"])
    if host.get("MemorySwap") not in {None, 0, 2 * memory}:
        yield "memswap_limit", str(host["MemorySwap"])
    if host.get("NanoCpus"):
        yield "cpus", host["NanoCpus"] / 1e9
    if host.get("Ulimits"):
        yield "ulimits", {one["Name"]: {"soft": one["Soft"], "hard": one["Hard"]} for one in host["Ulimits"]}


def _machine(host: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Devices, and where what it prints goes."""
    devices = host.get("Devices") or ()
    if devices:
        yield "devices", [f"{one['PathOnHost']}:{one['PathInContainer']}:{one['CgroupPermissions']}" for one in devices]
    log = host.get("LogConfig") or {}
    if log.get("Config") or log.get("Type") not in {None, "", "json-file"}:
        yield "logging", {"driver": log["Type"], "options": log.get("Config") or {}}
    if host.get("DeviceRequests"):
        yield (
            "deploy",
            {"resources": {"reservations": {"devices": [dict(_device(one)) for one in host["DeviceRequests"]]}}},
        )


def _device(request: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """One request for graphics processors and the like."""
    if request.get("Driver"):
        yield "driver", request["Driver"]
    if request.get("Count"):
        yield "count", "all" if request["Count"] < 0 else request["Count"]
    for key, name in (("DeviceIDs", "device_ids"), ("Options", "options")):
        if request.get(key):
            yield name, request[key]
    yield "capabilities", [one for row in request.get("Capabilities") or () for one in row]


def _named(container: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    mounts = container.get("Mounts") or ()
    return [one for one in mounts if one["Type"] == "volume" and not _ANONYMOUS.fullmatch(one["Name"])]


def _volumes(container: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Binds mounts and named volumes; Compose itself hands anonymous volumes on to the next container."""
    for mount in container.get("Mounts") or ():
        read_only = {} if mount.get("RW", True) else {"read_only": True}
        if mount["Type"] == "bind":
            yield {"type": "bind", "source": mount["Source"], "target": mount["Destination"], **read_only}
    for mount in _named(container):
        read_only = {} if mount.get("RW", True) else {"read_only": True}
        yield {"type": "volume", "source": mount["Name"], "target": mount["Destination"], **read_only}


def _ports(host: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for where, bindings in (host.get("PortBindings") or {}).items():
        target, _, protocol = where.partition("/")
        for binding in bindings or ():
            port = {"mode": "ingress", "target": int(target), "protocol": protocol or "tcp"}
            asked = {"host_ip": binding.get("HostIp"), "published": binding.get("HostPort")}
            yield {**port, **{key: value for key, value in asked.items() if value}}


def _published(host: Mapping[str, Any]) -> list[str]:
    return [where for where, bindings in (host.get("PortBindings") or {}).items() if bindings]


def _network(container: Mapping[str, Any], service: str) -> dict[str, Any]:
    mode = container["HostConfig"].get("NetworkMode") or ""
    if mode in _NETWORK_MODES or mode.startswith("container:"):
        return {"network_mode": mode}
    usual = {container["Name"].lstrip("/"), service, container["Id"][:12]}
    joined = (container.get("NetworkSettings") or {}).get("Networks") or {}
    return {"networks": {name: dict(_joined(one, usual)) or None for name, one in joined.items()}}


def _joined(network: Mapping[str, Any], usual: Collection[str]) -> Iterator[tuple[str, Any]]:
    """Under which names and addresses of its own a container is in a network."""
    aliases = sorted(set(network.get("Aliases") or ()) - set(usual))
    if aliases:
        yield "aliases", aliases
    fixed = network.get("IPAMConfig") or {}
    for key, name in (("IPv4Address", "ipv4_address"), ("IPv6Address", "ipv6_address")):
        if fixed.get(key):
            yield name, fixed[key]


def _depends_on(label: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Reads Compose's own label: ``db:service_healthy:false,queue:service_started:true``."""
    for entry in filter(None, label.split(",")):
        name, _, rest = entry.partition(":")
        condition, _, restart = rest.partition(":")
        yield name, {"condition": condition or "service_started", "restart": restart == "true", "required": True}


def _own(labels: Mapping[str, str], images: Mapping[str, str] | None) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in labels.items() if (images or {}).get(name) != value)


def _written(value: str) -> str:
    """A value as a Compose file writes it: each dollar sign doubled."""
    return value.replace("$", "$$")
