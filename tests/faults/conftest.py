"""Fixtures of the tests that break deployments."""

from __future__ import annotations

from tests.integration.deploy.conftest import app

__all__ = ["app"]
