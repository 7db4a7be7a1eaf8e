"""What runs after a start is compared with the release, container by container."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gonogo.runtimes.compose.converged import SeenContainer, containers, differences
from gonogo.state.release import Release

__all__: list[str] = []

OLD = "sha256:42ce08bce19d05ca7a9d5bfae3a0b1a1ff4d8a9b1d2c2cd1e8c1f1d7e54a0a11"
NEW = "sha256:bb5520b154f7c1bb9a53a2e51b3e8b07a0f4f3c6ff5d3e37fd0f1b2a7a5e9c22"
BEFORE, NOW = "20261121T220100-1fe2739", "20261121T220200-9a41b7d"
OUTPUT = f"""\
/shop-api-1\t{NEW}\tapi\t{NOW}\t
/shop-db-1\tsha256:0403594a8451\tdb\t\t
/shop-worker-1\t{NEW}\tworker\t{NOW}\t
/shop-worker-2\t{NEW}\tworker\t{NOW}\t
"""
DEFINITIONS: dict[str, dict[str, Any]] = {
    "api": {"labels": {"gonogo.release": NOW}},
    "db": {},
    "worker": {"labels": {"gonogo.release": NOW}, "deploy": {"replicas": 2}},
}


def released() -> Release:
    """A release of two services."""
    return Release(
        id=NOW,
        commit="9a41b7d",
        env="prod",
        runtime="compose",
        created=datetime(2026, 11, 21, 22, 2, tzinfo=UTC),
        folder=Path("/state"),
        root=Path("/state/source"),
        services=("api", "worker"),
        images={"api": NEW, "worker": NEW},
    )


def said(output: str) -> tuple[str, ...]:
    """What differs from the release in an answer of the Engine."""
    return differences(containers(output), released(), DEFINITIONS)


def test_containers_are_read_as_the_engine_writes_them() -> None:
    """A name has a slash before it; a container without the release's label has an empty one."""
    assert containers(OUTPUT)[1] == SeenContainer(
        name="shop-db-1", image="sha256:0403594a8451", service="db", release=""
    )
    assert containers("") == ()


def test_release_alone_differs_in_nothing() -> None:
    """The release's containers in the model's numbers, and a store, are as they should be."""
    assert said(OUTPUT) == ()


def test_container_of_another_image_is_named() -> None:
    """A worker that was left on the old image is named with service, container and image."""
    assert said(OUTPUT.replace(f"-2\t{NEW}\tworker\t{NOW}", f"-2\t{OLD}\tworker\t{BEFORE}")) == (
        "service worker: container shop-worker-2 runs image sha256:42ce08bce19d, expected sha256:bb5520b154f7",
    )


def test_old_container_of_the_same_image_is_named() -> None:
    """An unchanged image in a container of the old release has the old configuration."""
    assert said(OUTPUT.replace(f"api\t{NOW}", f"api\t{BEFORE}")) == (
        f"service api: container shop-api-1 is of release {BEFORE}, expected {NOW}",
    )


def test_number_of_containers_is_the_models() -> None:
    """One replica too few, one container too many, and none at all are told with what is there."""
    lines = OUTPUT.splitlines(keepends=True)

    assert said("".join(lines[:3])) == ("service worker: found 1 containers (shop-worker-1), expected 2",)
    assert said("".join(lines[1:])) == ("service api: found 0 containers, expected 1",)
    assert said(OUTPUT + lines[0].replace("api-1", "api-2")) == (
        "service api: found 2 containers (shop-api-1, shop-api-2), expected 1",
    )


def test_orphan_of_an_old_release_is_named() -> None:
    """A deployed service that the release has not must be gone; containers that no release made are not judged."""
    orphan = f"/shop-mailer-1\t{OLD}\tmailer\t{BEFORE}\t\n"

    assert said(OUTPUT + orphan) == (
        f"service mailer: container shop-mailer-1 of release {BEFORE} is left with image sha256:42ce08bce19d, "
        "expected none: the release has no such service",
    )
    assert said(OUTPUT + orphan.replace(BEFORE, "")) == ()
