"""The rendered model tells who is deployed, who stands before and behind, and what the host gives."""

import json
from pathlib import Path
from typing import Any

import pytest

from gonogo.runtimes.compose.model import roles
from gonogo.runtimes.compose.model.roles import BindMount, NamedVolume, PublishedPort

ANY = "0.0.0.0"  # noqa: S104 - what Compose publishes on
DATA = Path(__file__).parent / "data" / "compose"


@pytest.fixture
def shop() -> dict[str, Any]:
    """The shop's model as `docker compose config --format json` rendered it."""
    model: dict[str, Any] = json.loads((DATA / "shop.json").read_text())
    return model


@pytest.fixture
def startup() -> dict[str, Any]:
    """The model with services that migrate when they start."""
    model: dict[str, Any] = json.loads((DATA / "startup.json").read_text())
    return model


def test_every_service_has_one_part(shop: dict[str, Any]) -> None:
    """Deployed, before it, or behind it: no service is forgotten or counted twice."""
    deployed = roles.deployed_services(shop, ())

    assert deployed == ("api", "jobs", "migrate")
    assert roles.fronts(shop, deployed) == ("edge", "web")
    assert roles.backing(shop, deployed) == ("db", "metrics", "redis")


def test_declared_services_are_deployed(shop: dict[str, Any]) -> None:
    """A service with an image only is deployed when it is declared, and then it is no front."""
    deployed = roles.deployed_services(shop, ["web"])

    assert deployed == ("api", "jobs", "migrate", "web")
    assert roles.fronts(shop, deployed) == ("edge",)


def test_built_by(shop: dict[str, Any], startup: dict[str, Any]) -> None:
    """A service that runs another one's image is built by that one; two builds stay apart."""
    assert roles.built_by(shop) == {"api": "api", "jobs": "api", "migrate": "api"}
    assert roles.built_by(startup) == {"api": "api", "scripted": "scripted", "seed": "seed"}
    assert roles.image_name(startup, "seed") == "startup-seed"


def test_other_versions_of_what_is_built_here_are_named() -> None:
    """A forgotten tag is told from another image, from what is deployed all the same, and from a registry's port."""
    built, old = "hub:5000/shop/app:2", "hub:5000/shop/app:1"
    images = {"web": built, "jobs": old, "told": old, "db": "hub:5000/shop/db:1", "cron": "hub:5000/shop/app@sha256:0"}
    services: dict[str, Any] = {name: {"image": image} for name, image in images.items()}
    services["web"]["build"] = {}
    model = {"name": "shop", "services": services}

    assert roles.other_versions(model, roles.deployed_services(model, ["told"])) == {
        "jobs": (old, built),
        "cron": ("hub:5000/shop/app@sha256:0", built),
    }


def test_a_proxy_is_a_front_without_depending_on_anything(startup: dict[str, Any]) -> None:
    """A known proxy image stands in front, a job does not."""
    deployed = roles.deployed_services(startup, ())

    assert roles.fronts(startup, deployed) == ("proxy",)
    assert roles.backing(startup, deployed) == ("nightly",)


def test_one_shots(shop: dict[str, Any], startup: dict[str, Any]) -> None:
    """What others wait for, jobs, and pure migrations end by themselves; a server that migrates first does not."""
    assert roles.one_shots(shop) == ("migrate",)
    assert roles.one_shots(startup) == ("nightly", "seed")


def test_published_ports(shop: dict[str, Any]) -> None:
    """Ports are listed with address and protocol; one that the engine chooses is not."""
    assert roles.published_ports(shop) == (
        PublishedPort("api", "127.0.0.1", 8001, "tcp"),
        PublishedPort("web", ANY, 8080, "tcp"),
        PublishedPort("web", ANY, 8081, "tcp"),
        PublishedPort("web", ANY, 443, "udp"),
    )


def test_a_range_that_is_left_in_the_model() -> None:
    """`8000-8002:80` stays a range when it is rendered; any of its ports may be taken."""
    model = {"name": "x", "services": {"a": {"ports": [{"target": 80, "published": "8000-8002", "protocol": "tcp"}]}}}

    assert [row.port for row in roles.published_ports(model)] == [8000, 8001, 8002]


def test_bind_mounts(shop: dict[str, Any]) -> None:
    """Mounted files and folders, and configs and secrets that are files."""
    assert roles.bind_mounts(shop) == (
        BindMount("api", "/srv/worktree/config.toml", "/app/config.toml", read_only=True),
        BindMount("api", "/srv/worktree/uploads", "/app/uploads", read_only=False),
        BindMount("api", "/srv/worktree/banner.txt", "/banner", read_only=True),
        BindMount("api", "/srv/worktree/jwt.txt", "/run/secrets/jwt", read_only=True),
        BindMount("web", "/srv/worktree/caddy", "/etc/caddy", read_only=True),
    )


def test_volumes_declared(shop: dict[str, Any]) -> None:
    """Named volumes have the engine's name; external ones are said to be."""
    assert roles.volumes_declared(shop) == (
        NamedVolume("caddydata", "caddy-certificates", external=True),
        NamedVolume("pgdata", "shop_pgdata", external=False),
    )


def test_start_words(startup: dict[str, Any]) -> None:
    """Entry point and command are one list of words; without either there is none."""
    assert roles.start_words(startup["services"]["scripted"]) == ("/app/entrypoint.sh", "serve")
    assert roles.start_words(startup["services"]["nightly"]) == ()


def test_an_empty_model() -> None:
    """A model without services has nothing."""
    model: dict[str, Any] = {"name": "x", "services": {}}

    assert roles.deployed_services(model, ["api"]) == ()
    assert (*roles.volumes_declared(model), *roles.bind_mounts(model)) == ()
