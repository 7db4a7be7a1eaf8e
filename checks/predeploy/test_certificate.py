"""Whether the certificate of the environment's address outlives this release."""

from __future__ import annotations

import socket
import ssl
import time
from urllib.parse import urlsplit

import pytest

from gonogo.config import Environment
from gonogo.inspection.answers.certificates import term
from gonogo.plugins.evidence import Collected

__all__: list[str] = []

_SECONDS = 10.0
_HTTPS = 443


@pytest.mark.predeploy(
    "P42",
    severity="advisory",
    needs=("an https url",),
    reads=("url",),
    remedy="Look why nothing renewed it: the log of certbot, Caddy or Traefik, and whether port 80 reaches it",
)
def test_certificate_is_renewed_in_time(environment: Environment, evidence: Collected) -> None:
    """The certificate of the environment's address is trusted here, and is not overdue to be renewed.

    Catches the renewal that stopped weeks ago without a word: on the last day every visitor is refused, whatever the
    release. Overdue is what ends within two weeks, or within a quarter of a shorter life. It warns.

    Before (shell):

        $ systemctl is-enabled certbot.timer
        disabled

    After (shell):

        sudo systemctl enable --now certbot.timer
    """
    parts = urlsplit(environment.url or "")
    if parts.scheme != "https" or parts.hostname is None:
        pytest.skip("the environment has no https url")
    from gonogo.plugins.transport import trusted  # noqa: PLC0415 (httpx takes 60 ms: only where something is asked)

    to = urlsplit(environment.reached(parts.geturl()))
    try:
        with (
            socket.create_connection((to.hostname, to.port or parts.port or _HTTPS), timeout=_SECONDS) as plain,
            trusted().wrap_socket(plain, server_hostname=parts.hostname) as connection,
        ):
            found = term(connection.getpeercert() or {})
    except ssl.SSLCertVerificationError as error:
        pytest.fail(f"{environment.url}: found a certificate that is not trusted here ({error.verify_message})")
    except OSError as error:
        pytest.skip(f"{environment.url} does not answer yet ({error})")
    if found is None:
        pytest.skip(f"the certificate of {environment.url} does not say how long it is valid")
    now = time.time()
    evidence.measure("Valid for", found.days_left(now), unit="days")
    assert not found.is_overdue(now), (
        f"{environment.url}: found a certificate that ends soon and that nothing renewed, expected a newer one"
    )
