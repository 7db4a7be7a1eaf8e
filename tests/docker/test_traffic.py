"""Real proxies in containers: requests are sent elsewhere, what is refused changes nothing, a lie is found out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
import pytest

from gonogo.config.traffic import Traffic
from gonogo.errors import CommandError
from gonogo.host.runner import this_machine
from gonogo.traffic import adapter_of
from gonogo.traffic.base import alone
from gonogo.traffic.proof import Pages, Said, ask, prove
from gonogo.traffic.send import Proxy, leads_to, send, wait_until_left

from .base_images import Origin
from .test_base_images import eventually, got, running

__all__: list[str] = []

BLUE, GREEN = "20261129T101500-1a2b3c4", "20261129T111500-5d6e7f8"
NGINX = f"""\
INCLUDE
server {{ listen 81; return 200 "{BLUE}"; }}
server {{ listen 82; return 200 "{GREEN}"; }}
server {{ listen 80; location / {{ proxy_pass http://web; }} }}
"""
CADDY = f"""\
INCLUDE
:81 {{
	respond "{BLUE}"
}}
:82 {{
	respond "{GREEN}"
}}
:80 {{
	reverse_proxy {{
		import web
	}}
}}
"""
KINDS = {
    "nginx": ("nginx:1", "/etc/nginx/conf.d/default.conf", NGINX, "include /etc/upstreams/*.conf;"),
    "caddy": ("caddy:2", "/etc/caddy/Caddyfile", CADDY, "import /etc/upstreams/*.caddy"),
}
Ensure = Callable[[str], Origin]


@contextmanager
def proxied(engine: docker.DockerClient, folder: Path, kind: str) -> Iterator[tuple[Proxy, Pages]]:
    """A proxy that leads to blue, and where it is asked."""
    image, target, text, include = KINDS[kind]
    upstreams, config = folder / "upstreams", folder / "config"
    upstreams.mkdir()
    config.write_text(text.replace("INCLUDE", include))
    traffic = Traffic.model_validate({"kind": kind, "upstreams": {"web": "api:80"}, "folder": "upstreams"})
    adapter = adapter_of(traffic)
    (upstreams / adapter.file).write_text(adapter.render(alone({"web": "127.0.0.1:81"})))
    volumes = {
        str(config): {"bind": target, "mode": "ro"},
        str(upstreams): {"bind": "/etc/upstreams", "mode": "ro"},
    }
    with running(engine, image, 80, volumes=volumes) as (container, port):
        pages = Pages(urls=(f"http://127.0.0.1:{port}/",))
        assert BLUE in eventually(lambda: got(pages.urls[0]), expected=BLUE)
        name = str(container.name)
        yield (
            Proxy(
                host=this_machine(),
                adapter=adapter,
                name=kind,
                folder=upstreams,
                inside="/etc/upstreams",
                prefix=("docker", "exec", name),
                processes=("docker", "top", name),
            ),
            pages,
        )


@pytest.mark.parametrize("kind", KINDS)
def test_requests_are_sent_elsewhere_and_back(
    engine: docker.DockerClient, base_image: Ensure, tmp_path: Path, kind: str
) -> None:
    """Green answers five times in a row, then blue again; what the proxy would refuse leaves it as it is."""
    base_image(KINDS[kind][0])
    green, blue = alone({"web": "127.0.0.1:82"}), alone({"web": "127.0.0.1:81"})
    with proxied(engine, tmp_path, kind) as (proxy, pages):
        send(proxy, green)
        there = prove(pages, release=GREEN, sign=GREEN, seconds=10)
        led = leads_to(proxy, green), leads_to(proxy, blue)
        left = wait_until_left(proxy, ("127.0.0.1:81",), seconds=10)
        with pytest.raises(CommandError) as refused:
            send(proxy, alone({"web": "127.0.0.1:82{"}))
        kept = ask(pages), leads_to(proxy, green)
        send(proxy, blue)
        back = prove(pages, release=BLUE, sign=BLUE, seconds=10)

    assert (there, back) == (Said(200, there.text), Said(200, back.text))
    assert led == (True, False)
    assert left == 0
    assert f"{kind} refuses its configuration" in str(refused.value)
    assert GREEN in kept[0].text
    assert kept[1]


def test_a_reload_that_changed_nothing_is_found_out(
    engine: docker.DockerClient, base_image: Ensure, tmp_path: Path
) -> None:
    """Nginx takes a file that says the same under another name; its answers are still blue's."""
    base_image("nginx:1")
    with proxied(engine, tmp_path, "nginx") as (proxy, pages):
        kept = tmp_path / "upstreams/another.conf"
        kept.write_text(proxy.adapter.render(alone({"web": "127.0.0.1:81"})))
        send(proxy, alone({"other": "127.0.0.1:82"}))
        with pytest.raises(CommandError) as lied:
            prove(pages, release=GREEN, sign=GREEN, seconds=1)

    assert f"found HTTP 200, which names {BLUE}, expected 5 answers in a row by {GREEN} within 1 s" in str(lied.value)


def test_a_single_mounted_file_is_found_out(engine: docker.DockerClient, base_image: Ensure, tmp_path: Path) -> None:
    """The container keeps the file that was mounted; the text that is written again is put back."""
    base_image("nginx:1")
    folder = tmp_path / "upstreams"
    folder.mkdir()
    (folder / "gonogo.conf").write_text("# as it was\n")
    target = "/etc/upstreams/gonogo.conf"
    volumes = {str(folder / "gonogo.conf"): {"bind": target, "mode": "ro"}}
    traffic = Traffic.model_validate({"kind": "nginx", "upstreams": {"web": "api:80"}, "folder": "upstreams"})
    with running(engine, "nginx:1", 80, volumes=volumes) as (container, _):
        proxy = Proxy(
            host=this_machine(),
            adapter=adapter_of(traffic),
            name="service nginx",
            folder=folder,
            inside="/etc/upstreams",
            prefix=("docker", "exec", str(container.name)),
        )
        with pytest.raises(CommandError) as raised:
            send(proxy, alone({"web": "127.0.0.1:82"}))

    assert str(raised.value) == (
        f"service nginx: {target}: found another text, expected what was written to {folder}/gonogo.conf. Mount the "
        f"folder {folder} at /etc/upstreams, and no single file of it: a mounted file stays the one that it was."
    )
    assert (folder / "gonogo.conf").read_text() == "# as it was\n"
