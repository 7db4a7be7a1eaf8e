"""Proxies are asked about the configuration that a release brings, in a container of their own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
import pytest

from gonogo.host import LocalHost
from gonogo.runtimes.compose_engine import SCRATCH_LABEL
from gonogo.runtimes.compose_trial import trial

from .base_images import ensure

__all__: list[str] = []

NGINX = "events {}\nhttp { upstream b { server app:8000; } server { listen 80@END@ location / { proxy_pass http://b; } } }\n"
CADDY = ":80 {\n  @WORD@ app:8000\n}\n"


@pytest.fixture
def model(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Make a pinned model with one proxy, whose configuration is a file of the host."""

    def make(image: str, target: str, text: str) -> dict[str, Any]:
        ensure(image)
        source = tmp_path / "proxy.conf"
        source.write_text(text)
        mount = {"type": "bind", "source": str(source), "target": target}
        services = {"app": {"image": "app"}, "proxy": {"image": image, "volumes": [mount]}}
        return {"name": "gonogo-trial", "services": services}

    return make


def test_nginx_says_what_is_wrong(model: Callable[..., dict[str, Any]], engine: docker.DockerClient) -> None:
    """A sound configuration is accepted although its upstream does not run; a missing semicolon is named."""
    good = trial(model("nginx:1", "/etc/nginx/nginx.conf", NGINX.replace("@END@", ";")), "proxy", LocalHost())
    bad = trial(model("nginx:1", "/etc/nginx/nginx.conf", NGINX.replace("@END@", "")), "proxy", LocalHost())

    assert good is not None
    assert good.ok, good.errors
    assert bad is not None
    assert bad.code == 1
    assert 'directive "listen" is not terminated by ";" in /etc/nginx/nginx.conf:2' in bad.errors
    assert not engine.containers.list(all=True, filters={"label": SCRATCH_LABEL, "ancestor": "nginx:1"})


def test_caddy_says_what_is_wrong(model: Callable[..., dict[str, Any]]) -> None:
    """An unknown directive is named with its line."""
    good = trial(
        model("caddy:2", "/etc/caddy/Caddyfile", CADDY.replace("@WORD@", "reverse_proxy")), "proxy", LocalHost()
    )
    bad = trial(model("caddy:2", "/etc/caddy/Caddyfile", CADDY.replace("@WORD@", "reverse_prox")), "proxy", LocalHost())

    assert good is not None
    assert good.ok, good.errors
    assert bad is not None
    assert not bad.ok
    assert "/etc/caddy/Caddyfile:2: unrecognized directive: reverse_prox" in bad.errors


def test_a_file_that_is_gone_is_named(model: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    """Docker would make a folder in its place when the proxy starts; here nothing is made."""
    made = model("nginx:1", "/etc/nginx/nginx.conf", "")
    (tmp_path / "proxy.conf").unlink()
    done = trial(made, "proxy", LocalHost())

    assert done is not None
    assert not done.ok
    assert "bind source path does not exist" in done.errors
    assert not (tmp_path / "proxy.conf").exists()


def test_a_proxy_whose_image_is_not_here_is_not_asked(model: Callable[..., dict[str, Any]]) -> None:
    """Nothing is pulled for a question."""
    made = model("nginx:1", "/etc/nginx/nginx.conf", "")
    made["services"]["proxy"]["image"] = "nginx:0.0.0-nobody-has-it"

    assert trial(made, "proxy", LocalHost()) is None
