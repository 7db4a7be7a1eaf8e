"""gonogo.run.tagging: the tag of a release that went GO, on real repositories."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from gonogo.config import Tag
from gonogo.host.runner import this_machine
from gonogo.records.ending import Ending, Kind
from gonogo.run.tagging import tagged

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.gates import Repository

__all__: list[str] = []

WENT = Ending(kind=Kind.GO)
TAG = Tag(name="deployed/{env}/{date}-{commit}", push="origin")


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody said who they are here."""
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "nobody"))


def work(root: Path, commit: str, tag: Tag | None = TAG) -> Any:
    """What a run knows when its release went GO."""
    created = datetime(2026, 11, 29, 12, tzinfo=UTC)
    return SimpleNamespace(
        place=SimpleNamespace(environment=SimpleNamespace(name="prod", tag=tag)),
        release=SimpleNamespace(id=f"20261129T120000-{commit[:7]}", commit=commit, created=created),
        checkout=root,
        host=this_machine(),
    )


def test_a_tag_is_set_and_pushed_once(repository: Repository, tmp_path: Path) -> None:
    """An annotated one, also where nobody said who they are; the same again is the same."""
    root, remote = repository({"a": "b"}), tmp_path / "remote.git"
    commit = repository.git(root, "rev-parse", "HEAD").strip()
    repository.git(root, "init", "--quiet", "--bare", str(remote))
    repository.git(root, "remote", "add", "origin", str(remote))
    name = f"deployed/prod/2026-11-29-{commit[:7]}"
    said = (f"The release is tagged as {name}, also in origin.",)

    assert (tagged(work(root, commit), WENT), tagged(work(root, commit), WENT)) == (said, said)
    assert repository.git(remote, "rev-parse", f"{name}^{{commit}}").strip() == commit
    assert f"20261129T120000-{commit[:7]} serves prod" in repository.git(remote, "cat-file", "tag", name)
    assert tagged(work(root, commit, None), WENT) == ()
    assert tagged(work(root, commit), Ending(kind=Kind.HELD)) == ()


def test_a_tag_that_cannot_be_set_is_told(repository: Repository) -> None:
    """One that stands elsewhere is left there; one that cannot be pushed is set here; a broken one is a note as well."""
    root = repository({"a": "b"})
    first = repository.git(root, "rev-parse", "HEAD").strip()
    second = repository.commit(root)
    repository.git(root, "tag", "live", first)
    elsewhere = tagged(work(root, second, Tag(name="live")), WENT)
    (unpushed,) = tagged(work(root, second), WENT)
    (broken,) = tagged(work(root, "0" * 40, Tag(name="gone")), WENT)

    assert elsewhere == (
        f"The release was not tagged: found live at {first[:7]} already, expected it nowhere or at {second[:7]}.",
    )
    assert unpushed.startswith(
        f"The release is tagged as deployed/prod/2026-11-29-{second[:7]}, which could not be pushed to origin: "
    )
    assert broken.startswith("The release was not tagged as gone: `git -C ")
