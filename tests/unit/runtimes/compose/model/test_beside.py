"""The model of a release that stands beside another one, and what cannot stand there."""

from __future__ import annotations

from typing import Any

import pytest

from gonogo.runtimes.compose.model.beside import OWN, doubts, own_name, turn

ID = "20261129t101500-1a2b3c4"
MODEL: dict[str, Any] = {
    "name": "shop",
    "networks": {"default": {"name": "shop_default"}, "back": {"name": "shop_back", "internal": True}},
    "volumes": {"uploads": {"name": "shop_uploads"}},
    "services": {
        "api": {
            "image": "shop-api:1",
            "container_name": "shop_api",
            "restart": "always",
            "ports": [{"target": 8000, "published": "8000"}],
            "labels": {"gonogo.release": "r"},
            "depends_on": {"db": {"condition": "service_healthy"}, "cache": {"condition": "service_started"}},
            "networks": {"default": None, "back": {"aliases": ["backend"], "priority": 2}},
            "volumes": [{"type": "volume", "source": "uploads", "target": "/uploads"}],
        },
        "cache": {"image": "shop-cache:1", "restart": "on-failure"},
        "db": {"image": "postgres:15"},
        "nginx": {"image": "nginx:1", "depends_on": {"api": {"condition": "service_started"}}},
    },
}
DEPLOYED = ("api", "cache")


def test_nothing_but_the_deployed_services_stands_beside() -> None:
    """They have names, and a network, of their own; stores, volumes and networks stay those that there are."""
    found = turn(MODEL, DEPLOYED, beside=ID, asked={"api": {8000: None}})

    assert sorted(found["services"]) == [f"api-{ID}", f"cache-{ID}"]
    assert found["services"][f"api-{ID}"] == {
        "image": "shop-api:1",
        "restart": "unless-stopped",
        "ports": [{"mode": "ingress", "protocol": "tcp", "host_ip": "127.0.0.1", "target": 8000}],
        "labels": {"gonogo.release": "r", OWN: "api"},
        "depends_on": {f"cache-{ID}": {"condition": "service_started"}},
        "links": [],
        "networks": {
            "default": None,
            "back": {"priority": 2},
            "gonogo-release": {"aliases": ["api", "shop_api", "backend"]},
        },
        "volumes": [{"type": "volume", "source": "uploads", "target": "/uploads"}],
    }
    assert found["services"][f"cache-{ID}"]["networks"] == {"default": None, "gonogo-release": {"aliases": ["cache"]}}
    assert found["services"][f"cache-{ID}"]["restart"] == "on-failure"
    assert found["networks"] == {**MODEL["networks"], "gonogo-release": {"name": f"shop_{ID}", "internal": True}}
    assert found["volumes"] == MODEL["volumes"]


def test_a_proxy_of_this_machine_is_told_ports_that_stay() -> None:
    """Each is published on the loopback address alone."""
    found = turn(MODEL, DEPLOYED, beside=ID, asked={"api": {8000: 40001}})

    assert found["services"][f"api-{ID}"]["ports"] == [
        {"mode": "ingress", "protocol": "tcp", "host_ip": "127.0.0.1", "target": 8000, "published": "40001"}
    ]


def test_a_container_is_known_by_the_name_of_the_compose_file() -> None:
    """Only by the release that is asked about: another one's has its long name."""
    labels = {"com.docker.compose.service": f"api-{ID}", OWN: "api", "gonogo.release": "r"}

    assert own_name(labels, "r") == "api"
    assert own_name(labels, "another") == f"api-{ID}"
    assert own_name({"com.docker.compose.service": "db"}, "r") == "db"


def said(
    changes: dict[str, dict[str, Any]],
    *,
    single: tuple[str, ...] = (),
    stated: tuple[str, ...] = (),
    upstreams: dict[str, str] | None = None,
    proxy: str | None = "nginx",
) -> list[str]:
    """What is wrong with the model after changes of its services."""
    services = {
        name: {**MODEL["services"].get(name, {}), **changes.get(name, {})} for name in (*DEPLOYED, "db", "nginx")
    }
    model = {**MODEL, "services": services}
    asked = upstreams or {"web": "api:8000"}
    return [*doubts(model, DEPLOYED, single=single, stated=(*single, *stated), upstreams=asked, proxy=proxy)]


def test_an_ordinary_application_may_stand_beside_itself() -> None:
    """Uploads in a volume, published ports, a container's name and a worker are no reason."""
    assert said({"cache": {"command": ["celery", "-A", "app", "worker"]}}) == []
    assert said({"cache": {"command": ["python", "-B", "beat.py"]}}) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"api": {"network_mode": "host"}}, "service api: found network_mode: host"),
        (
            {"api": {"networks": {"default": {"ipv4_address": "10.0.0.9"}}}},
            "service api: found a fixed address in network",
        ),
        ({"nginx": {"network_mode": "service:api"}}, "service nginx: found network_mode of a deployed service"),
        ({"db": {"volumes_from": ["api:ro"]}}, "service db: found volumes_from of a deployed service"),
        (
            {"cache": {"volumes": [{"type": "volume", "source": "uploads", "target": "/data"}]}},
            "service cache: found a data store that is built here",
        ),
        ({"cache": {"command": ["celery", "-A", "app", "beat"]}}, "service cache: found `celery -A app beat`"),
        ({"cache": {"command": ["celery -A app worker -B"]}}, "service cache: found `celery -A app worker -B`"),
    ],
)
def test_what_two_cannot_have_is_refused(changes: dict[str, dict[str, Any]], expected: str) -> None:
    """Each with its reason."""
    found = said(changes)

    assert [one[: len(expected)] for one in found] == [expected]


def test_who_plans_work_may_be_handed_over_or_stated_to_be_fine() -> None:
    """Either is the team's word."""
    beat = {"cache": {"command": ["celery", "beat"]}}

    assert said(beat, single=("cache",)) == []
    assert said(beat, stated=("cache",)) == []


def test_requests_go_to_what_takes_turns() -> None:
    """An upstream's service is deployed, and never away; the proxy is another one."""
    assert said({}, upstreams={"web": "db:5432"}) == [
        "traffic.upstreams.web: found db, expected a deployed service: api, cache"
    ]
    assert said({}, single=("api",))[0].startswith("service api: found single = true and requests that are sent to it")
    assert said({}, proxy="api") == [
        "traffic.service: found api, which each release builds and replaces, expected a proxy that stays: give service "
        "api an image instead of build, and mount its configuration"
    ]
    assert said({}, proxy="front")[0].startswith(
        "traffic.service: found front, expected a service of the compose file: "
    )
