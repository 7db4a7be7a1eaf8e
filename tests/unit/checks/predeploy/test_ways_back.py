"""P33 on real revision files, asked of a release that serves and cannot be asked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gonogo.records.results import CheckResult
from gonogo.state.release import Release
from gonogo.state.store import State
from gonogo.words import Outcome

if TYPE_CHECKING:
    from tests.support.gates import Gates, Repository

__all__: list[str] = []

ASK = ("-m", "predeploy", "-k", "pending_migrations_can_be_taken_back")
ID = "20261121T221000-2f1c9e0"
REVISION = "revision = {name!r}\ndown_revision = {parent!r}\n\n\ndef upgrade():\n    op.execute('a')\n\n\ndef downgrade():\n    {back}\n"


def asked(repository: Repository, gate: Gates, *, back: str) -> CheckResult:
    """P33 where the first revision runs, and the second one is pending."""
    toml = repository.process.replace("[service.web]\n", '[service.web]\nmigrations = "alembic"\n')
    files = {
        "gonogo.toml": toml,
        "alembic.ini": "[alembic]\nscript_location = db\n",
        "db/env.py": "",
        "db/versions/one.py": REVISION.format(name="one", parent=None, back="pass"),
        "db/versions/two.py": REVISION.format(name="two", parent="one", back=back),
    }
    root = repository(files)
    state = State(gate.state_home / "gonogo" / "shop" / "test")
    folder = state.release_folder(ID)
    release = Release(
        id=ID, commit="2f1c9e0" * 5 + "abcde", env="test", runtime="process", created=datetime.now(UTC),
        folder=folder, root=folder / "source", heads=("one",),
    )  # fmt: skip
    return gate(root, *ASK, subject=gate.subject(root, serving=release)).only()


def test_pending_migration_without_a_way_back_is_named(repository: Repository, gate: Gates) -> None:
    """P33 warns of the pending one alone: what runs already is not judged."""
    check = asked(repository, gate, back="pass")

    assert (check.code, check.outcome) == ("P33", Outcome.WARNED)
    assert check.found == ("found two: its downgrade() does nothing; expected a way back for each pending migration")


def test_pending_migration_with_a_downgrade_passes(repository: Repository, gate: Gates) -> None:
    """P33 is green where something takes it back, and shows what is pending."""
    check = asked(repository, gate, back="op.execute('b')")

    assert check.outcome is Outcome.PASSED
    assert check.evidence[0].value[1:] == [["two", "db/versions/two.py", "can be taken back"]]
