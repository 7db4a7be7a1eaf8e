"""D18 on a real Caddy that has TLS and port 80: whoever asks without it is led there, refused, or given pages."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from gonogo.checks.postdeploy.test_protection import test_pages_protect_their_visitors as protected
from gonogo.config import Environment
from gonogo.demo.programs import program
from gonogo.gates.budget import Budget
from gonogo.plugins.evidence import Collected
from gonogo.plugins.limits import Limits

__all__: list[str] = []

pytestmark = pytest.mark.integration

HERE = f"127.{64 + os.getpid() // 256 % 128}.{os.getpid() % 256}.7"
"""An address of loopback where nobody else has these ports: each process that tests has its own."""
ROOT = "pki/authorities/local/root.crt"
CADDYFILE = """\
{{
	admin off
	auto_https disable_redirects
	persist_config off
	skip_install_trust
	storage file_system {folder}
}}

https://shop.test {{
	bind {here}
	tls internal
	respond "hello"
}}

http://shop.test {{
	bind {here}
	{plain}
}}
"""


@contextlib.contextmanager
def caddy(folder: Path, plain: str) -> Iterator[None]:
    """Answers at both ports; skips where this user may not have them."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HERE, 80))
        except OSError as error:
            pytest.skip(f"port 80 of {HERE}: {error.strerror}")
    folder.mkdir()
    (folder / "Caddyfile").write_text(CADDYFILE.format(folder=folder, here=HERE, plain=plain))
    argv = [str(program("caddy")), "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    process = subprocess.Popen(argv, env=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 20
    try:
        while time.monotonic() < end:
            with contextlib.suppress(OSError):  # a failed handshake is one as well
                trusted = ssl.create_default_context(cafile=folder / ROOT)
                with socket.create_connection((HERE, 443), timeout=1) as sent:
                    trusted.wrap_socket(sent, server_hostname="shop.test").close()
                break
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(20)


def advised(folder: Path, plain: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What D18 advises of such a proxy."""
    with caddy(folder, plain):
        monkeypatch.setenv("SSL_CERT_FILE", str(folder / ROOT))
        environment = Environment.model_validate(
            {"name": "prod", "tier": "prod", "project": "shop", "url": "https://shop.test", "connect_to": HERE}
        )
        limits = Limits(Budget(None), bound=20.0, reached=environment.reached)
        ports = [("caddy", HERE, 443), ("caddy", HERE, 80)]
        inspector = SimpleNamespace(url=lambda: environment.url, published=lambda: ports)
        evidence = Collected()
        with contextlib.suppress(pytest.skip.Exception):
            protected(inspector, environment, None, limits, evidence)
        limits.close()
    return evidence.advice


def test_pages_without_tls_are_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where somebody is led on, and never to TLS."""
    open_, led = 'respond "hello"', 'redir / /home\n\trespond "hello"'
    said = ["GET http://shop.test/: found a page without TLS, expected that it leads to https://shop.test"]

    assert advised(tmp_path / "open", open_, monkeypatch) == said
    assert advised(tmp_path / "led", led, monkeypatch) == said


@pytest.mark.parametrize(
    "plain",
    ["redir https://shop.test{uri} 308", "redir * /home\n\tredir /home https://shop.test/", "respond 404", "abort"],
)
def test_who_is_led_to_tls_or_gets_no_page_is_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain: str) -> None:
    """At once or in two steps, refused, or cut off."""
    assert advised(tmp_path / "caddy", plain, monkeypatch) == []
