"""Which 503 may be a limit's, and how slowly nginx wants to be asked."""

from __future__ import annotations

import pytest

from gonogo.inspection.answers.refusals import SLOWLY, Limit, is_proxys_own, limit_of, may_be_limit

__all__: list[str] = []

NGINX = (
    "<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n<body>\r\n"
    "<center><h1>503 Service Temporarily Unavailable</h1></center>\r\n<hr><center>nginx/1.27.2</center>\r\n</body>\r\n"
)


@pytest.mark.parametrize(
    ("status", "headers", "text", "found"),
    [
        (503, {}, NGINX, True),
        (503, {}, NGINX.replace("nginx/1.27.2", "openresty"), True),
        (503, {"Retry-After": "2"}, "busy", True),
        (503, {}, '{"status": "fail", "database": "nginx"}', False),
        (503, {}, "no available server", False),
        (502, {"retry-after": "2"}, NGINX.replace("503", "502"), False),
        (500, {}, "<center>nginx</center>", False),
        (200, {}, NGINX, False),
    ],
)
def test_a_503_that_may_be_a_limits(status: int, headers: dict[str, str], text: str, *, found: bool) -> None:
    """A proxy's own page, or one that says when to come back; an application's own answer, and Traefik's, is none."""
    assert may_be_limit(status, headers, text) is found


def test_only_a_proxys_own_page_never_reached_the_application() -> None:
    """What says when to come back may have been done in part, and is not sent twice unless it only reads."""
    assert is_proxys_own(503, NGINX)
    assert not is_proxys_own(503, "busy")


ZONE = "limit_req_zone $binary_remote_addr zone=a:10m rate={rate};"


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ([ZONE.format(rate="2r/s"), "limit_req zone=a;"], Limit(pause=1.0, hides=False)),
        ([ZONE.format(rate="12r/m") + "\n  limit_req zone=a burst=5 nodelay;"], Limit(pause=6.0, hides=False)),
        ([ZONE.format(rate="1r/m") + "\nlimit_req zone=a;"], Limit(pause=30.0, hides=False)),
        (
            ["limit_conn_zone $a zone=c:1m;\nlimit_conn c 4;\nerror_page 502 503 /x.html;"],
            Limit(pause=SLOWLY, hides=True),
        ),
        ([ZONE.format(rate="1r/m") + "\n# limit_req zone=a;"], None),
        (["server { listen 80; error_page 503 /x.html; }"], None),
        ([], None),
    ],
)
def test_the_slowest_limit_says_how_long(texts: list[str], found: Limit | None) -> None:
    """One request more is let in after its period, with a margin; a zone that nothing uses limits nothing."""
    assert limit_of(texts) == found
