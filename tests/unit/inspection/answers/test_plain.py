"""Who is asked without TLS, and what of the answer is well."""

from __future__ import annotations

import pytest

from gonogo.inspection.answers.plain import leads_on, plain_page

__all__: list[str] = []

URL, SHOP = "https://shop.test", "http://shop.test/"
BOTH = [("caddy", "127.0.0.1", 443), ("caddy", "127.0.0.1", 80)]


@pytest.mark.parametrize(
    ("url", "reached", "published", "page"),
    [
        (URL, URL, BOTH, SHOP),
        (URL, "https://127.0.0.1", BOTH, SHOP),
        (URL, "https://127.0.0.1:8443", [("caddy", "", 8443), ("caddy", "", 80)], SHOP),
        (URL, URL, [("caddy", "", 443)], None),
        (URL, URL, [("caddy", "", 443), ("other", "", 80)], None),
        (URL, "https://127.0.0.1:8443", BOTH, None),
        (URL, URL, [], None),
        ("https://shop.test:8443", "https://shop.test:8443", [("caddy", "", 8443), ("caddy", "", 80)], None),
        ("http://shop.test", "http://shop.test", BOTH, None),
    ],
)
def test_a_proxy_that_has_both_ports_is_asked(
    url: str, reached: str, published: list[tuple[str, str, int]], page: str | None
) -> None:
    """Only where one service publishes the port that has TLS and port 80, and visitors ask at the usual one."""
    assert plain_page(url, reached, published) == page


@pytest.mark.parametrize(
    ("status", "location", "to"),
    [
        (200, "", None),
        (204, "", None),
        (301, "https://shop.test/", ""),
        (308, "//shop.test/", "http://shop.test/"),
        (302, "/login", "http://shop.test/login"),
        (302, "", ""),
        (400, "", ""),
        (403, "", ""),
        (404, "", ""),
        (421, "", ""),
        (426, "", ""),
        (429, "", ""),
        (502, "", ""),
    ],
)
def test_only_a_page_is_not_well(status: int, location: str, to: str | None) -> None:
    """Who is led to TLS, refused or told of an error gets none; who is led on without it is asked again."""
    assert leads_on(SHOP, status, location) == to
