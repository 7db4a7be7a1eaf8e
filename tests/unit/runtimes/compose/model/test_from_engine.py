"""A Compose model is made from what the Engine says of containers."""

from __future__ import annotations

from typing import Any

from gonogo.runtimes.compose.model.from_engine import model_of

__all__: list[str] = []

IMAGE = {"Env": ["PATH=/bin"], "Cmd": ["serve"], "WorkingDir": "/srv", "Labels": {"of": "image"}}


def container(service: str, number: int = 1, **more: Any) -> dict[str, Any]:
    """What ``docker inspect`` says of a container, as far as it matters."""
    labels = {"com.docker.compose.service": service, "of": "image", **more.pop("labels", {})}
    config = {"Image": f"shop-{service}", **IMAGE, "Labels": labels, **more.pop("config", {})}
    host = {"NetworkMode": "shop_default", "RestartPolicy": {"Name": "no"}, **more.pop("host", {})}
    networks = {"shop_default": {"Aliases": [f"shop-{service}-{number}", service, *more.pop("aliases", ())]}}
    found = {"Id": "f" * 64, "Name": f"/shop-{service}-{number}", "Image": "sha256:1", "Config": config}
    return {**found, "HostConfig": host, "Mounts": [], "NetworkSettings": {"Networks": networks}, **more}


def test_what_the_image_says_itself_is_left_out() -> None:
    """A container that sets nothing of its own is a service with an image and a network."""
    model = model_of([container("web")], {"sha256:1": IMAGE}, project="shop")

    assert model == {
        "name": "shop",
        "services": {
            "web": {
                "image": "shop-web",
                "environment": {},
                "labels": {},
                "volumes": [],
                "ports": [],
                "depends_on": {},
                "networks": {"shop_default": None},
            }
        },
        "volumes": {},
        "networks": {"shop_default": {"name": "shop_default", "external": True}},
    }


def test_what_the_container_sets_is_kept() -> None:
    """Words, variables (dollar signs doubled), mounts, ports, limits, health check and order come back."""
    web = container(
        "web",
        labels={"com.docker.compose.depends_on": "db:service_healthy:true,gone:service_started:false", "own": "a$b"},
        aliases=["www"],
        config={
            "Env": ["PATH=/bin", "PRICE=$1=2"],
            "Entrypoint": ["tini"],
            "User": "nobody",
            "StopTimeout": 3,
            "Healthcheck": {
                "Test": ["CMD", "true"],
                "Interval": 1_500_000_000,
                "StartInterval": 250_000_000,
                "Retries": 4,
            },
        },
        host={
            "NetworkMode": "shop_default",
            "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 2},
            "PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}, {"HostIp": "", "HostPort": ""}]},
            "Init": True,
            "Memory": 1024,
            "NanoCpus": 500_000_000,
            "CapDrop": ["ALL"],
            "Tmpfs": {"/scratch": ""},
        },
        Mounts=[
            {"Type": "bind", "Source": "/opt/a", "Destination": "/a", "RW": False},
            {"Type": "volume", "Name": "shop_data", "Source": "/x", "Destination": "/data", "RW": True},
            {"Type": "volume", "Name": "0" * 64, "Source": "/y", "Destination": "/anonymous", "RW": True},
        ],
    )

    model = model_of([web, container("db")], {"sha256:1": IMAGE}, project="shop")

    assert model["services"]["web"] == {
        "image": "shop-web",
        "environment": {"PRICE": "$$1=2"},
        "labels": {"own": "a$$b"},
        "volumes": [
            {"type": "bind", "source": "/opt/a", "target": "/a", "read_only": True},
            {"type": "volume", "source": "shop_data", "target": "/data"},
        ],
        "ports": [
            {"mode": "ingress", "target": 80, "protocol": "tcp", "host_ip": "127.0.0.1", "published": "8080"},
            {"mode": "ingress", "target": 80, "protocol": "tcp"},
        ],
        "depends_on": {"db": {"condition": "service_healthy", "restart": True, "required": True}},
        "entrypoint": ["tini"],
        "command": ["serve"],
        "user": "nobody",
        "healthcheck": {"test": ["CMD", "true"], "interval": "1500ms", "start_interval": "250ms", "retries": 4},
        "restart": "on-failure:2",
        "cap_drop": ["ALL"],
        "init": True,
        "mem_limit": "1024",
        "cpus": 0.5,
        "tmpfs": ["/scratch"],
        "stop_grace_period": "3s",
        "networks": {"shop_default": {"aliases": ["www"]}},
    }
    assert model["volumes"] == {"shop_data": {"name": "shop_data", "external": True}}


def test_replicas_names_and_shared_networks_are_kept() -> None:
    """Two containers of a service are a scale of two; a name of its own and the host's network stay."""
    named = container("proxy", host={"NetworkMode": "host", "RestartPolicy": {"Name": "always"}}, Name="/front")

    services = model_of([container("web"), container("web", 2), named], {}, project="shop")["services"]

    assert services["web"]["scale"] == 2
    assert {key: services["proxy"][key] for key in ("container_name", "network_mode", "restart")} == {
        "container_name": "front",
        "network_mode": "host",
        "restart": "always",
    }
    assert "networks" not in services["proxy"]


def test_graphics_processors_are_asked_for_again() -> None:
    """Requests for devices are Compose's reservations."""
    asked = [
        {"Driver": "nvidia", "Count": -1, "DeviceIDs": None, "Capabilities": [["gpu", "compute"]], "Options": {}},
        {"Driver": "", "Count": 0, "DeviceIDs": ["GPU-1"], "Capabilities": [["gpu"]], "Options": None},
    ]
    services = model_of([container("web", host={"DeviceRequests": asked})], {}, project="shop")["services"]

    assert services["web"]["deploy"]["resources"]["reservations"]["devices"] == [
        {"driver": "nvidia", "count": "all", "capabilities": ["gpu", "compute"]},
        {"device_ids": ["GPU-1"], "capabilities": ["gpu"]},
    ]
