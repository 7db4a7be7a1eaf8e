"""Proxies are asked about the configuration that a release brings, in a container of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docker
import pytest

from gonogo.host.runner import LocalHost
from gonogo.runtimes.compose.engine import SCRATCH_LABEL
from gonogo.runtimes.compose.files import COMPOSE, write_model
from gonogo.runtimes.compose.trial import trial
from gonogo.state.release import Release
from gonogo.state.store import State
from gonogo.words import Outcome

from .base_images import ensure

if TYPE_CHECKING:
    from gonogo.records.results import CheckResult
    from tests.support.gates import Gates, Repository

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


def test_logs_in_a_folder_of_the_hosts_are_no_mistake(model: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    """The proxy opens them while it judges its configuration; what stands in the folder is neither needed nor touched."""
    text = "events {}\nhttp { access_log /var/log/shop/a.log; server { listen 80; } }\n"
    logs = tmp_path / "logs"
    logs.mkdir()
    made = model("nginx:1", "/etc/nginx/nginx.conf", text)
    mount: dict[str, Any] = {"type": "bind", "source": str(logs), "target": "/var/log/shop"}
    made["services"]["proxy"]["volumes"].append(mount)
    good = trial(made, "proxy", LocalHost())
    mount["read_only"] = True
    bad = trial(made, "proxy", LocalHost())

    assert good is not None
    assert good.ok, good.errors
    assert bad is not None
    assert "Read-only file system" in bad.errors
    assert list(logs.iterdir()) == []


def test_a_proxy_whose_volume_is_not_here_yet_is_asked(
    model: Callable[..., dict[str, Any]], engine: docker.DockerClient
) -> None:
    """The data of a Caddy are there after its first start only; what it misses in such a volume may be brought to it."""
    made = model("caddy:2", "/etc/caddy/Caddyfile", CADDY.replace("@WORD@", "reverse_proxi"))
    made["volumes"] = {"data": {"name": "gonogo-trial_data"}, "more": {"name": "gonogo-trial_more"}}
    volumes = [{"type": "volume", "source": key, "target": f"/{key}"} for key in ("data", "more")]
    made["services"]["proxy"]["volumes"] += volumes
    bad = trial(made, "proxy", LocalHost())
    misses = model("nginx:1", "/etc/nginx/nginx.conf", "events {}\nhttp { include /more/site.conf; }\n")
    misses["volumes"] = made["volumes"]
    misses["services"]["proxy"]["volumes"] += volumes

    assert bad is not None
    assert "reverse_proxi" in bad.errors
    assert trial(misses, "proxy", LocalHost()) is None
    assert not [one for one in engine.volumes.list() if str(one.name).startswith("gonogo-trial")]


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


def ask(model: dict[str, Any], gate: Gates, root: Path) -> CheckResult:
    """B18 of a release with this model."""
    state = State(gate.state_home / "gonogo/shop/test")
    folder = state.release_folder("one")
    folder.mkdir(parents=True, exist_ok=True)
    write_model(folder / COMPOSE, model)
    release = Release(
        id="one",
        commit="1" * 40,
        env="test",
        runtime="compose",
        created=datetime.now(UTC),
        folder=folder,
        root=root,
        services=("app",),
    )
    return gate(root, "-m", "build", "-k", "proxies_accept", subject=gate.subject(root, release=release)).only()


def test_name_that_nobody_has_is_red_before_nginx_fails_to_start(
    model: Callable[..., dict[str, Any]], repository: Repository, gate: Gates
) -> None:
    """B18 is red over a service that was renamed, and green where an alias or an extra host has the name."""
    root = repository({"gonogo.toml": repository.minimal})
    renamed = model("nginx:1", "/etc/nginx/nginx.conf", NGINX.replace("@END@", ";").replace("app:8000", "api:8000"))
    lost = ask(renamed, gate, root)
    renamed["services"]["app"]["networks"] = {"default": {"aliases": ["api"]}}
    alias = ask(renamed, gate, root)
    renamed["services"]["app"] = {"image": "app"}
    renamed["services"]["proxy"]["extra_hosts"] = ["api=10.0.0.1"]
    extra = ask(renamed, gate, root)

    assert lost.outcome is Outcome.FAILED
    assert 'proxy: found the name "api", which nobody has (' in lost.found
    assert "expected a service of the release on its networks (app, gonogo-trial-app-1, proxy, " in lost.found
    assert (alias.outcome, alias.found, extra.outcome, extra.found) == (Outcome.PASSED, "", Outcome.PASSED, ""), extra


def test_name_that_is_asked_for_later_is_no_mistake(
    model: Callable[..., dict[str, Any]], repository: Repository, gate: Gates
) -> None:
    """B18 is green over a variable with a resolver; Caddy with one stranger's name among others only warns."""
    root = repository({"gonogo.toml": repository.minimal})
    text = "events {}\nhttp { server { listen 80; resolver 127.0.0.11; set $u gone; location / { proxy_pass http://$u; } } }\n"
    later = ask(model("nginx:1", "/etc/nginx/nginx.conf", text), gate, root)
    both = ":80 {\n  reverse_proxy app:8000\n  handle /m/* {\n    reverse_proxy gone:1\n  }\n}\n"
    some = ask(model("caddy:2", "/etc/caddy/Caddyfile", both), gate, root)
    none = ask(model("caddy:2", "/etc/caddy/Caddyfile", ":80 {\n  reverse_proxy gone:1\n}\n"), gate, root)

    assert (later.outcome, later.found) == (Outcome.PASSED, "")
    assert [one.outcome for one in (some, none)] == [Outcome.WARNED, Outcome.FAILED], some
    assert 'proxy: found the name "gone", which nobody has (' in some.found
