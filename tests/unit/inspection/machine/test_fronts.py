"""How proxies are asked about their configuration."""

import pytest

from gonogo.inspection.machine.fronts import (
    configuration,
    extra_hosts,
    hosts,
    kind,
    lacks_its_place,
    not_found,
    others,
    question,
    upstreams,
)

__all__: list[str] = []


@pytest.mark.parametrize(
    ("image", "words", "expected"),
    [
        ("nginx:1.27-alpine", (), ("nginx", "-t")),
        ("docker.io/library/nginx", ("nginx", "-c", "/srv/n.conf"), ("nginx", "-c", "/srv/n.conf", "-t")),
        ("caddy:2", (), ("caddy", "validate", "--config", "/etc/caddy/Caddyfile")),
        (
            "caddy:2",
            ("caddy", "run", "--config=/c/C", "--adapter", "caddyfile"),
            ("caddy", "validate", "--config", "/c/C", "--adapter", "caddyfile"),
        ),
        ("traefik:3", (), None),
        ("registry.example.com/team/edge:1", (), None),
    ],
)
def test_nginx_and_caddy_can_be_asked(image: str, words: tuple[str, ...], expected: tuple[str, ...] | None) -> None:
    """Each by its own command, with the configuration file that the service names."""
    assert question(image, words) == expected


def test_a_running_proxy_shows_its_configuration() -> None:
    """By its own command again, from the same file; nobody else is asked."""
    assert configuration("nginx:1", ("nginx", "-c", "/n.conf")) == ("nginx", "-c", "/n.conf", "-T")
    assert configuration("caddy:2", ("--config", "/C")) == ("caddy", "adapt", "--config", "/C")
    assert configuration("traefik:3", ()) is None


NGINX = """\
upstream app { server web-a:8000 weight=2; server web-b; }  # server web-c
map $x $y { default 1; }
server { listen 80;
  # proxy_pass http://never:1;
  location / { proxy_pass http://app; }
  location /api { set $up "http://api:9000"; proxy_pass $up; }
  location /ws { proxy_pass https://sockets:443/ws/; }
  location /php { fastcgi_pass php:9000; }
  location /x { proxy_pass http://$host; }
  location /y { uwsgi_pass unix:/run/y.sock; }
}
"""
CADDY = """\
{"apps": {"http": {"servers": {"srv0": {"name": "no", "routes": [{"handle": [
  {"handler": "reverse_proxy", "upstreams": [{"dial": "web:8000"}, {"dial": "{http.vars.x}"}]},
  {"handler": "reverse_proxy", "dynamic_upstreams": {"source": "a", "name": "jobs", "port": "1"}}]}]}}}}}
"""


@pytest.mark.parametrize(
    ("image", "shown", "expected"),
    [
        ("nginx:1", NGINX, {"web-a:8000", "web-b", "api:9000", "sockets:443", "php:9000"}),
        ("caddy:2", CADDY, {"web:8000", "jobs"}),
        ("caddy:2", "Error: no such file", set()),
    ],
)
def test_upstreams_of_a_configuration(image: str, shown: str, expected: set[str]) -> None:
    """What is written out, through upstream blocks and variables that are set; what is computed is left out."""
    assert set(upstreams(image, shown)) == expected


def test_other_services_are_named_as_the_proxy_names_them() -> None:
    """By service, container name and alias; nginx refuses a configuration with a name that leads nowhere."""
    app = {"container_name": "notes_app", "networks": {"default": {"aliases": ["backend"]}, "inner": None}}
    services = {"app": app, "nginx": {"links": ["db:store"]}, "db": {"scale": 2}}

    assert others({"name": "notes", "services": services}, "nginx") == (
        *("store", "app", "notes_app", "backend", "nginx", "notes-nginx-1", "db", "notes-db-1", "notes-db-2"),
    )


def test_services_elsewhere_have_no_name_for_the_proxy() -> None:
    """What stands on other networks only, is scaled to none, or uses another's network, cannot be resolved."""
    services = {
        "nginx": {"networks": {"edge": None}, "container_name": "n"},
        "app": {"networks": {"edge": {"aliases": ["api"]}, "inner": {"aliases": ["hidden"]}}, "container_name": "a"},
        "db": {"networks": {"inner": None}},
        "gone": {"networks": {"edge": None}, "scale": 0},
        "side": {"network_mode": "service:app"},
        "host": {"network_mode": "host"},
    }
    model = {"name": "x", "services": services}

    assert others(model, "nginx") == ("nginx", "n", "app", "a", "api")
    assert others(model, "side") == ("nginx", "n", "app", "a", "api", "hidden", "db", "x-db-1")
    assert others(model, "host") == ()


def test_names_that_a_definition_gives_an_address() -> None:
    """As Compose renders them, and as the Engine takes them."""
    assert extra_hosts({"extra_hosts": ["db=10.0.0.1", "old:10.0.0.2", "gw=host-gateway"]}) == (
        *("db:10.0.0.1", "old:10.0.0.2", "gw:host-gateway"),
    )
    assert extra_hosts({}) == ()


def test_name_that_nginx_missed() -> None:
    """The name is told without its port; another complaint names none."""
    assert not_found('[emerg] host not found in upstream "api:8000" in /etc/nginx/nginx.conf:4') == "api"
    assert not_found('[emerg] host not found in upstream "api.example.com" in /x:4') == "api.example.com"
    assert not_found('[emerg] invalid parameter "location" in /etc/nginx/nginx.conf:7') == ""


def test_hosts_among_upstreams() -> None:
    """Addresses, sockets and placeholders name nobody."""
    found = ("web:8000", "jobs", "10.0.0.1:80", "[::1]:80", "unix//run/x.sock", "localhost:1", "{env.X}:1", "web:9000")

    assert hosts(found) == ("web", "jobs")


def test_kind_is_known_by_name_or_by_program() -> None:
    """An image that a release builds is a proxy by what it runs."""
    assert kind("registry:5000/nginx:1") == "nginx"
    assert kind("shop-front:1", ("/docker-entrypoint.sh", "nginx", "-g", "daemon off;")) == "nginx"
    assert kind("shop-front:1", ("/usr/bin/caddy", "run")) == "caddy"
    assert kind("shop-web:1", ("gunicorn", "app")) == ""


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ('[emerg] host not found in upstream "api.example.com" in /etc/nginx/nginx.conf:4', True),
        ('[emerg] cannot load certificate "/etc/ssl/site.pem": BIO_new_file() failed', True),
        ('[emerg] invalid parameter "location" in /etc/nginx/nginx.conf:7', False),
        ("Error: adapting config using caddyfile: /etc/caddy/Caddyfile:3: unrecognized directive: reverse_prox", False),
    ],
)
def test_what_the_trial_lacks_is_no_mistake_of_the_configuration(said: str, *, expected: bool) -> None:
    """Names of strangers and certificates of the live place are not there."""
    assert lacks_its_place(said) is expected
