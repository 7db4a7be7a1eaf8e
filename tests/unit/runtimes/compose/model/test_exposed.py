"""Data services that other machines reach, told from a rendered model."""

from __future__ import annotations

from typing import Any

import pytest

from gonogo.runtimes.compose.model.exposed import exposed


def model(image: str, *ports: dict[str, Any], **facts: Any) -> dict[str, Any]:
    """A rendered model with one service."""
    return {"name": "shop", "services": {"data": {"image": image, "ports": list(ports)}}, **facts}


def port(target: int, *, on: str = "", published: str = "") -> dict[str, Any]:
    """A port as Compose renders it."""
    return {
        "target": target,
        "published": published or str(target),
        "protocol": "tcp",
        **({"host_ip": on} if on else {}),
    }


def said(*arguments: Any, **facts: Any) -> list[str]:
    """What is found in a model, in words."""
    bases, address = facts.pop("bases", {}), facts.pop("address", "")
    return [str(one) for one in exposed(model(*arguments, **facts), bases=bases, address=address)]


@pytest.mark.parametrize(
    ("image", "target"),
    [
        ("redis:7-alpine", 6379),
        ("postgis/postgis:16-3.4", 5432),
        ("registry.local:5000/bitnami/postgresql@sha256:0a", 5432),
        ("docker.elastic.co/elasticsearch/elasticsearch:8.1", 9200),
        ("rabbitmq:3-management", 15672),
    ],
)
def test_a_store_on_every_address_is_exposed(image: str, target: int) -> None:
    """Without an address Docker publishes on all of them."""
    assert said(image, port(target)) == [
        f"data publishes {target} on 0.0.0.0, open to other machines ({image})",
    ]


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "8.8.8.8"])  # noqa: S104
def test_open_addresses(address: str) -> None:
    """Everywhere, and an address of the world."""
    assert said("redis", port(6379, on=address, published="7000")) == [
        f"data publishes 7000 on {address}, open to other machines (redis)"
    ]


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.0.1.1", "::1", "10.0.0.5", "192.168.1.2", "100.101.1.2", "fd00::1"]
)
def test_own_and_private_addresses_are_fine(address: str) -> None:
    """Loopback, and a private network that somebody chose."""
    assert said("redis:7", port(6379, on=address)) == []


@pytest.mark.parametrize(
    ("image", "target"),
    [
        ("ghcr.io/me/shop:1", 8000),
        ("oliver006/redis_exporter", 9121),
        ("mongo-express", 8081),
        ("dpage/pgadmin4", 80),
        ("rabbitmq:3", 1883),
        ("nginx:alpine", 80),
    ],
)
def test_other_services_may_be_published(image: str, target: int) -> None:
    """What only has a store's name in its own, and a broker's port for devices."""
    assert said(image, port(target)) == []


def test_a_port_alone_is_not_sure() -> None:
    """The image says nothing; what its Dockerfile begins with does."""
    unsure = "data publishes 5432 on 0.0.0.0, open to other machines (shop-db, a data service as its port 5432 tells)"

    assert said("shop-db", port(5432)) == [unsure]
    assert [one.is_sure for one in exposed(model("shop-db", port(5432)), bases={})] == [False]
    assert said("shop-db", port(5432), bases={"data": "postgres:15"}) == [
        "data publishes 5432 on 0.0.0.0, open to other machines (postgres:15)"
    ]


def test_networks_may_keep_it_in() -> None:
    """A network that publishes on loopback, one without a way out, and an engine that publishes on loopback."""
    loopback = {"default": {"driver_opts": {"com.docker.network.bridge.host_binding_ipv4": "127.0.0.1"}}}

    assert said("redis", port(6379), networks=loopback) == []
    assert said("redis", port(6379), networks={"default": {"internal": True}}) == []
    assert said("redis", port(6379), address="127.0.0.1") == []
    assert said("redis", port(6379), networks={"default": {"name": "shop_default"}}) != []
