"""Chromium for the tests: found, or the test is skipped; ``GONOGO_REQUIRE_BROWSER=1`` asks for one."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import sync_playwright

from gonogo.plugins.browser import executable

__all__ = ["need_chromium"]


def need_chromium() -> str:
    """The browser's path; skips the test where there is none."""
    with sync_playwright() as playwright:
        found = executable(playwright)
    if found is not None:
        return found
    message = "found no Chromium: playwright install chromium, or your system's"
    if os.environ.get("GONOGO_REQUIRE_BROWSER") == "1":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
