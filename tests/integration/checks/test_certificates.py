"""Whose certificates the checks trust, asked of a real Caddy that is its own authority."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gonogo.config import Environment
from gonogo.demo.ports import free_port
from gonogo.demo.programs import program
from gonogo.gates.budget import Budget
from gonogo.plugins import transport
from gonogo.plugins.evidence import InconclusiveError
from gonogo.plugins.limits import Limits
from gonogo.words import Outcome

__all__: list[str] = []

pytestmark = pytest.mark.integration

CADDYFILE = """\
{{
	admin off
	auto_https disable_redirects
	persist_config off
	skip_install_trust
	storage file_system {folder}
}}

https://localhost:{port}, https://shop.test:{port} {{
	bind 127.0.0.1
	tls internal
	respond "hello"
}}
"""
AUTHORITY = "pki/authorities/local/root.crt"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Where it answers; its authority's certificate stands in the folder."""
    port = free_port()
    (tmp_path / "Caddyfile").write_text(CADDYFILE.format(folder=tmp_path, port=port))
    argv = [str(program("caddy")), "run", "--config", str(tmp_path / "Caddyfile"), "--adapter", "caddyfile"]
    folders = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    process = subprocess.Popen(argv, env=folders, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url, end = f"https://localhost:{port}/", time.monotonic() + 20
    try:
        while time.monotonic() < end:
            with contextlib.suppress(httpx.TransportError):
                httpx.get(url, verify=False)  # noqa: S501 (whether anybody answers yet)
                break
            time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def test_authority_of_ones_own_is_trusted_where_it_is_named(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Red without it, with the way to name it; on loopback, too, where no proxy of the environment counts."""
    get = Limits(Budget(None), bound=10.0).get
    with pytest.raises(httpx.ConnectError) as raised:
        get(address)
    outcome, said = transport.judge(raised.value)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / AUTHORITY))

    assert outcome is Outcome.FAILED
    assert said.startswith(f"{address}: its certificate is not trusted here (")
    assert said.endswith("; of an authority of your own: SSL_CERT_FILE=/path/to/its.crt")
    assert get(address).text == "hello"
    monkeypatch.setenv("SSL_CERT_FILE", "/no/such.crt")
    with pytest.raises(InconclusiveError, match=r"^SSL_CERT_FILE: found /no/such.crt \(.+\), expected a file of cert"):
        get(address)


def test_who_closes_without_an_answer_may_want_its_name() -> None:
    """As nginx does with 444: one finding for all who are treated so, with the line to write."""
    request = httpx.Request("GET", "http://127.0.0.1:8000/healthz")
    closed = httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request)
    torn = httpx.RemoteProtocolError("peer closed connection without sending complete message body", request=request)

    assert 'connect_to = "127.0.0.1"' in transport.judge(closed)[1]
    assert transport.needs(closed) == transport.needs(httpx.ConnectError("refused", request=request))
    assert "connect_to" not in transport.judge(torn)[1]
    assert transport.needs(torn) == ()


def test_a_name_that_leads_elsewhere_is_asked_here(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`connect_to`: the certificate is judged by the name that was asked for, and so is the answer."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / AUTHORITY))
    named = address.replace("localhost", "shop.test")
    place = Environment(name="test", project="shop", url=named.rstrip("/"), connect_to="127.0.0.1")
    limits = Limits(Budget(None), bound=10.0, reached=place.reached)

    answer = limits.get(named)
    with pytest.raises(httpx.ConnectError) as elsewhere:
        limits.get(named.replace("shop.test", "other.test"))

    assert (answer.text, str(answer.request.url)) == ("hello", named)
    assert transport.judge(elsewhere.value)[0] is Outcome.INCONCLUSIVE
