"""What each proxy is told: its file, its commands, and how much is still under way."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gonogo.config.traffic import PROXIES, Traffic
from gonogo.traffic import adapter_of
from gonogo.traffic.base import Backend, alone, shared
from gonogo.traffic.own import caddyfile

GREEN = alone({"web": "api-green:8000", "app": "page-green:3000"})
CANARY = {"web": (Backend("api-blue:8000", 90), Backend("api-green:8000", 10))}


def adapter(kind: str, **more: Any) -> Any:
    """The adapter of a proxy that is a service of its own."""
    given = {"kind": kind, "upstreams": {"web": "api:8000"}, "folder": "proxy", **more}
    return adapter_of(Traffic.model_validate(given))


def test_nginx_is_given_upstreams() -> None:
    """One block for each name; a single server has no weight."""
    text = adapter("nginx").render(GREEN)

    assert text.splitlines()[1:] == [
        "upstream web {",
        "    server api-green:8000;",
        "}",
        "upstream app {",
        "    server page-green:3000;",
        "}",
    ]
    assert "    server api-blue:8000 weight=90;\n    server api-green:8000 weight=10;\n" in adapter("nginx").render(
        CANARY
    )


def test_caddy_is_given_snippets() -> None:
    """They stand inside of reverse_proxy, and keep streams open for as long as what is left is drained."""
    text = adapter("caddy", drain="30s").render(GREEN)

    assert text.splitlines()[1:5] == ["(web) {", "\tto api-green:8000", "\tstream_close_delay 30s", "}"]
    assert "\tlb_policy weighted_round_robin 9 1\n" in adapter("caddy").render(CANARY)


def test_traefik_is_given_services() -> None:
    """One load balancer for each name; shares are a weighted service of them."""
    services = json.loads(adapter("traefik").render(GREEN).partition("\n")[2])["http"]["services"]
    shared = json.loads(adapter("traefik").render(CANARY).partition("\n")[2])["http"]["services"]

    assert services["web"] == {"loadBalancer": {"servers": [{"url": "http://api-green:8000"}]}}
    assert shared["web"] == {
        "weighted": {"services": [{"name": "web-1", "weight": 90}, {"name": "web-2", "weight": 10}]}
    }
    assert shared["web-2"] == {"loadBalancer": {"servers": [{"url": "http://api-green:8000"}]}}


def test_a_command_of_the_teams_is_filled_in() -> None:
    """Each upstream's endpoint stands where its name does."""
    own = adapter("command", folder=None, reload="./switch --to {web}", show="./switch --show")

    assert own.reload(alone({"web": "127.0.0.1:4001"})) == ("./switch", "--to", "127.0.0.1:4001")
    assert own.show() == ("./switch", "--show")


def test_a_command_of_the_teams_is_told_the_share() -> None:
    """Of whoever comes: so many of a hundred, or all of them."""
    own = adapter("command", folder=None, reload="./switch {web} {weight}", show="./switch --show")
    stays, comes = alone({"web": "api-blue:8000"}), alone({"web": "api-green:8000"})

    assert own.reload(shared(stays, comes, 25)) == ("./switch", "api-green:8000", "25")
    assert own.reload(stays) == ("./switch", "api-blue:8000", "100")
    assert shared(stays, comes, 25) == {"web": (Backend("api-blue:8000", 75), Backend("api-green:8000", 25))}


def test_caddy_says_what_is_under_way() -> None:
    """Requests of the endpoints that are left, and no others."""
    said = json.dumps([{"address": "blue:80", "num_requests": 3}, {"address": "green:80", "num_requests": 5}])

    assert adapter("caddy").count(said, ("blue:80",)) == 3


@pytest.mark.parametrize("kind", [kind for kind in PROXIES if kind not in {"command", "own"}])
def test_commands_may_be_the_teams(kind: str) -> None:
    """A proxy on the host may need other words than a container."""
    own = adapter(kind, test="sudo test", reload="sudo reload")

    assert own.test() == ("sudo", "test")
    assert own.reload(GREEN) == ("sudo", "reload")
    assert all(name in own.wiring("/etc/proxy", ("web", "app")) for name in ("web", "app", "/etc/proxy"))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"upstreams": {}}, "found no upstreams"),
        ({"upstreams": {"web": "api"}}, "expected a service and the port"),
        ({"upstreams": {"web": "api:70000"}}, "expected a service and the port"),
        ({"folder": None}, 'kind "nginx" needs folder'),
        ({"kind": "command"}, "needs reload"),
        ({"show": "cat x"}, 'show is of kind "command" alone'),
        ({"listen": "0.0.0.0:80"}, 'listen is of kind "own" alone'),
        ({"kind": "own"}, "folder: found it with kind"),
        (
            {"kind": "own", "folder": None, "upstreams": {"web": "api:8000", "app": "page:3000"}},
            "upstreams: found 2, expected one",
        ),
        ({"kind": "haproxy"}, "'nginx', 'caddy', 'traefik', 'command' or 'own'"),
    ],
)
def test_what_is_missing_is_told(given: dict[str, Any], expected: str) -> None:
    """Each mistake says what is expected."""
    with pytest.raises(ValueError, match="error") as raised:
        Traffic.model_validate({"kind": "nginx", "upstreams": {"web": "api:8000"}, "folder": "proxy", **given})

    assert expected in str(raised.value)


@pytest.mark.parametrize(
    ("listen", "expected"),
    [
        (None, ("127.0.0.1", 8000)),
        ("10.0.0.5", ("10.0.0.5", 8000)),
        ("10.0.0.5:80", ("10.0.0.5", 80)),
        ("[::1]:80", ("::1", 80)),
    ],
)
def test_a_front_of_gonogos_listens_where_the_service_did(listen: str | None, expected: tuple[str, int]) -> None:
    """On loopback and the upstream's port, where nothing else is said; its words say that address."""
    traffic = Traffic.model_validate({"kind": "own", "upstreams": {"web": "api:8000"}, "listen": listen})

    assert traffic.listens == expected
    assert f"http://:{expected[1]} {{\n\tbind {expected[0]}\n" in caddyfile(traffic)
