"""What services do not wait for."""

from __future__ import annotations

from typing import Any

from gonogo.runtimes.compose.model.waits import hasty

__all__: list[str] = []


def model(**conditions: str) -> dict[str, Any]:
    """A web service that depends on these, under a condition each."""
    needs = {name: {"condition": condition, "required": True} for name, condition in conditions.items()}
    return {
        "name": "shop",
        "services": {
            "web": {"build": {"context": "."}, "depends_on": needs},
            "migrate": {"build": {"context": "."}, "command": ["alembic", "upgrade", "head"]},
            "db": {"image": "postgres:16", "healthcheck": {"test": ["CMD", "pg_isready"]}},
            "cache": {"image": "redis:7"},
            "queue": {"image": "rabbitmq:3", "healthcheck": {"disable": True, "test": ["NONE"]}},
        },
    }


def test_a_migration_has_an_end_and_a_store_its_health() -> None:
    """Each is told with what to write."""
    found = hasty(model(migrate="service_started", db="service_started"), ("web", "migrate"))

    assert list(map(str, found)) == [
        "web depends on migrate: found service_started, expected service_completed_successfully: web may be there before "
        "migrate has come to its end",
        "web depends on db: found service_started, expected service_healthy: db has a health check that nobody waits for",
    ]


def test_what_is_waited_for_and_what_has_no_health_check_is_no_fault() -> None:
    """Nor is a service that nobody deploys, or that is not in the model."""
    well = model(
        migrate="service_completed_successfully", db="service_healthy", cache="service_started", queue="service_started"
    )

    assert list(hasty(well, ("web",))) == []
    assert list(hasty(model(db="service_started", elsewhere="service_started"), ("migrate",))) == []
