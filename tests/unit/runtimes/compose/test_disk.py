"""What goes when a full disk keeps the previous release from being started."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gonogo.host.runner import Command, Completed
from gonogo.runtimes.compose.disk import free_disk
from gonogo.state.release import Release

__all__: list[str] = []

SEEN = (
    "/shop-api-1\tapi\tsha256:new\tshop_uploads \n"
    f"/shop-db-1\tdb\tsha256:new\t{'ab12' * 16} \n"
    "/shop-worker-1\tworker\tsha256:same\t\n"
    "/shop-other-1\tother\tsha256:other\t\n"
)


class Engine:
    """A host that notes what it is asked to do."""

    name = "fake"

    def __init__(self) -> None:
        """Nothing is asked yet."""
        self.said: list[str] = []

    def run(self, command: Command, *, output_limit: int | None = None, exact: bool = False) -> Completed:  # noqa: ARG002 (the protocol's)
        """Answer as Docker does."""
        self.said.append(" ".join(command.argv))
        output = {"ps": "1\n2\n3\n4\n", "inspect": SEEN}.get(command.argv[1], "")
        return Completed(command=command, code=0, output=output, errors="", seconds=0.0, pid=1)

    def spawn(self, command: Command) -> int:
        """Nothing is started here."""
        pytest.fail(f"nothing is to be started: {command}")


def release(name: str, images: dict[str, str]) -> Release:
    """A release with these images."""
    folder = Path("/nowhere") / name
    return Release(
        id=name,
        commit=name[-7:] * 6,
        summary="",
        env="prod",
        runtime="compose",
        created=datetime.now(UTC),
        folder=folder,
        root=folder / "source",
        images=images,
    )


def test_only_what_is_replaced_anyway_and_holds_no_data_goes() -> None:
    """Left are: an anonymous volume's container, one of an image that both releases run, one of neither."""
    red = release("20261122T101010-fffffff", {"api": "sha256:new", "db": "sha256:new", "worker": "sha256:same"})
    old = release("20261122T101009-eeeeeee", {"api": "sha256:old", "db": "sha256:old", "worker": "sha256:same"})
    engine = Engine()

    assert free_disk("shop", red, old, engine) == (
        "The disk was full, so that what fffffff ran was removed first, to make room: shop-api-1.",
    )
    assert engine.said[2:] == ["docker stop --time 10 shop-api-1", "docker rm --force shop-api-1"]


def test_release_that_is_started_again_loses_nothing() -> None:
    """Nothing is turned back where both are the same."""
    same, engine = release("20261122T101010-fffffff", {"api": "sha256:new"}), Engine()

    assert free_disk("shop", same, same, engine) == ()
    assert len(engine.said) == 2
