"""How health checks and proxies are read."""

from __future__ import annotations

import pytest

from gonogo.detect.health import asked_by, duration, live_route, ready_route, seconds
from gonogo.detect.proxied import handed_to, listens, outside_path, sends_to_https
from gonogo.detect.routing import Placed
from gonogo.detect.tree import Tree
from gonogo.frameworks import StaticRoute

__all__: list[str] = []


@pytest.mark.parametrize(
    ("words", "path", "port"),
    [
        (("CMD", "curl", "-f", "http://localhost:8000/api/v1/health/"), "/api/v1/health/", 8000),
        (("CMD-SHELL", "wget -qO- http://127.0.0.1:3000 || exit 1"), "/", 3000),
        (("CMD-SHELL", "curl -s localhost:8000/up"), "/up", 8000),
        (
            ("CMD", "python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:80/healthz?a=1')"),
            "/healthz",
            80,
        ),
        (("CMD-SHELL", "curl http://localhost:${PORT:-9000}/ready"), "/ready", 9000),
        (("curl -f http://localhost:${PORT:-9000}/${PREFIX}health || exit 1",), "/health", 9000),
        (("CMD-SHELL", "curl -f http://$${HOST:-localhost}:$$WEB_PORT/$$API/up"), "/api/up", 8000),
    ],
)
def test_the_address_of_a_health_check(words: tuple[str, ...], path: str, port: int) -> None:
    """Path and port of what it asks."""
    found = asked_by(words, {"WEB_PORT": "8000", "API": "api"})

    assert found is not None
    assert (found.path, found.port) == (path, port)


def test_a_check_that_asks_no_address_has_none() -> None:
    """`pg_isready` is about something else."""
    assert asked_by(("CMD-SHELL", "pg_isready -U postgres"), {}) is None


def placed(path: str) -> Placed:
    """A route of an application."""
    route = StaticRoute(
        methods=("GET",), path=path, file="a.py", line=1, module="a", handler="h", owner="app", conditional=False
    )
    return Placed(route=route, sure=True)


@pytest.mark.parametrize(
    ("paths", "live", "ready"),
    [
        (("/healthz/", "/livez/"), "/livez/", ("/healthz/",)),
        (("/status", "/live", "/health"), "/live", ("/health",)),
        (("/health", "/live", "/readyz"), "/live", ("/readyz",)),
        (("/health", "/ping"), "/health", ()),
        (("/live", "/ping"), "/live", ()),
    ],
)
def test_the_health_page_beside_one_of_liveness_tells_whether_it_can_serve(
    paths: tuple[str, ...], live: str, ready: tuple[str, ...]
) -> None:
    """The names that orchestrators gave them; alone a health page tells that the process lives."""
    routes = [placed(path) for path in paths]

    assert live_route(routes)[0].route.path == live
    assert tuple(one.route.path for one in ready_route(routes)) == ready


NGINX = """\
upstream app { server web:8000; }
server {
    # location / { proxy_pass http://nobody; }
    location /api/ { proxy_pass http://app/; }
    location /static/ { alias /static/; }
    location @rest { proxy_pass http://app; }
}
"""


@pytest.mark.parametrize(
    ("text", "inner", "outer"),
    [
        (NGINX, "/healthz", "/api/healthz"),
        ("server { location / { proxy_pass http://web:8000; } }", "/healthz", "/healthz"),
        ("server { location / { try_files $uri @app; } location @app { proxy_pass http://web; } }", "/up", "/up"),
        ("server { location /v1 { proxy_pass http://web; } }", "/healthz", ""),
        ("server { location /v1 { proxy_pass http://web; } }", "/v1/up", "/v1/up"),
        ("server { location / { proxy_pass http://other; } }", "/up", ""),
    ],
)
def test_nginx_hands_on_below_a_path(text: str, inner: str, outer: str) -> None:
    """What visitors ask for so that the service is asked for the inner path; empty where nothing leads there."""
    handed = handed_to(Tree.of({"nginx.conf": text}), ("nginx.conf",), ("web",))

    assert outside_path(inner, handed)[0] == outer


@pytest.mark.parametrize(
    ("text", "outer"),
    [
        (":80 {\n    reverse_proxy web:8000\n}\n", "/up"),
        (":80 {\n    handle_path /api/* {\n        reverse_proxy web:8000\n    }\n}\n", "/api/up"),
        (":80 {\n    reverse_proxy @other web:8000\n}\n", ""),
    ],
)
def test_caddy_hands_on_below_a_path(text: str, outer: str) -> None:
    """Likewise."""
    handed = handed_to(Tree.of({"Caddyfile": text}), ("Caddyfile",), ("web",))

    assert outside_path("/up", handed)[0] == outer


@pytest.mark.parametrize(("text", "value"), [("1m30s", 90.0), ("500ms", 0.5), ("", 0.0), (30_000_000_000, 30.0)])
def test_durations_are_read_as_compose_writes_them(text: object, value: float) -> None:
    """Also as the nanoseconds of an image."""
    assert seconds(text) == value


@pytest.mark.parametrize(("value", "text"), [(0.3, "300ms"), (90, "90s"), (120, "2m"), (150, "150s")])
def test_durations_are_written_as_gonogo_reads_them(value: float, text: str) -> None:
    """With their unit."""
    assert duration(value) == text


@pytest.mark.parametrize(
    ("text", "ports", "tls"),
    [
        ("server { listen 80; location / { return 301 https://$host$request_uri; } }", {80}, True),
        ("server { listen [::]:8080 default_server; location / { proxy_pass http://web; } }", {8080}, False),
        (":5002 {\n    reverse_proxy web:8000\n}\n", {5002}, False),
        ("http://example.com {\n    reverse_proxy web:8000\n}\n", set(), False),
        ("example.com {\n    reverse_proxy web:8000\n}\n", set(), True),
        ("{$DOMAIN} {\n    reverse_proxy web:8000\n}\n", set(), True),
    ],
)
def test_what_a_proxy_listens_on(text: str, ports: set[int], tls: bool) -> None:  # noqa: FBT001 (a table's column)
    """The ports that its configuration names, and whether visitors are sent to TLS."""
    assert set(listens(text)) == ports
    assert sends_to_https(text) is tls
