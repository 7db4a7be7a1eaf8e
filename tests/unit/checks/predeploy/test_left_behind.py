"""P46 on addresses: a database that the coming release would make beside its code."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from gonogo.records.results import CheckResult
from gonogo.state.release import Release
from gonogo.state.store import State
from gonogo.words import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.gates import Gates, Repository

__all__: list[str] = []

ID = "20261121T221000-2f1c9e0"
BEFORE = "sqlite:////srv/shop/shop.db"
BESIDE = "sqlite:///data/shop.db"


def asked(
    repository: Repository,
    gate: Gates,
    now: str,
    before: str = BEFORE,
    *,
    migrations: str = "alembic",
    tier: str = "prod",
    out: Path | None = None,
) -> CheckResult:
    """What P46 says of a release that is given this address, over one that was given another."""
    state = State(gate.state_home / "gonogo/shop/test")
    state.create()
    folder = state.release_folder(ID)
    made = datetime(2026, 11, 21, 22, 10, tzinfo=UTC)
    release = Release(
        id=ID, commit="2f1c9e0" * 5 + "abcde", env="test", folder=folder, runtime="process", root=folder, created=made
    )
    repository.write(folder, {"env": f"DATABASE_URL={before}\n"})
    state.save(release)
    state.set_current(ID)
    toml = repository.process.replace('"dev"', f'"{tier}"') + 'env_file = ".env"\n'
    service = f'\n[env.test.service.web]\nmigrations = "{migrations}"\n'
    root = repository({"gonogo.toml": toml + service, ".env": f"DATABASE_URL={now}\n"})
    if out is not None:
        (root / "data").symlink_to(out)
    return gate(root, "-m", "predeploy", "-k", "database_is_left_behind").only()


@pytest.mark.parametrize(("tier", "outcome"), [("prod", Outcome.FAILED), ("staging", Outcome.WARNED)])
def test_an_address_that_was_changed_to_a_file_beside_the_code_is_named(
    repository: Repository, gate: Gates, tier: str, outcome: Outcome
) -> None:
    """P46 says which variable names it; each release would begin with an empty one."""
    check = asked(repository, gate, BESIDE, tier=tier)

    assert (check.outcome, check.found.removesuffix("; expected it where every release finds it")) == (
        outcome,
        f"DATABASE_URL: found {BESIDE}, a file of the new release's own folder",
    )


@pytest.mark.parametrize(
    ("now", "before"),
    [
        (BEFORE, BESIDE),
        (BESIDE, BESIDE),
        ("sqlite:////var/lib/shop/shop.db", BEFORE),
        ("sqlite:///../kept/shop.db", BEFORE),
        ("sqlite:///:memory:", BEFORE),
        ("sqlite://", BEFORE),
        ("postgresql://db/shop", BEFORE),
    ],
)
def test_another_address_is_not(repository: Repository, gate: Gates, now: str, before: str) -> None:
    """P46 is green on files that every release finds, on what is no file, and on what was so before."""
    assert asked(repository, gate, now, before).outcome is Outcome.PASSED


def test_a_cache_may_stand_there(repository: Repository, gate: Gates) -> None:
    """P46 is green where no migration tool keeps account."""
    assert asked(repository, gate, BESIDE, migrations="none").outcome is Outcome.PASSED


def test_a_link_leads_out_of_the_release(repository: Repository, gate: Gates, tmp_path: Path) -> None:
    """P46 is green where the commit has a link to a folder that stays."""
    assert asked(repository, gate, BESIDE, out=tmp_path).outcome is Outcome.PASSED
