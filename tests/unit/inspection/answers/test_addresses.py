"""gonogo.inspection.answers.addresses: which URLs name this machine."""

from __future__ import annotations

import pytest

from gonogo.inspection.answers.addresses import is_loopback


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000", "http://localhost/x", "http://[::1]:80", "http://a.localhost"]
)
def test_loopback_names_this_machine(url: str) -> None:
    """Addresses and names of the loopback interface."""
    assert is_loopback(url)


@pytest.mark.parametrize("url", ["https://example.com", "http://10.0.0.1", "http://localhost.example.com", "http://"])
def test_other_names_do_not(url: str) -> None:
    """Private addresses may stand behind a proxy."""
    assert not is_loopback(url)
