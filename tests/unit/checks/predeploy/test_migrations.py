"""P31 on real revision files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gonogo.words import Outcome

if TYPE_CHECKING:
    from tests.support.gates import Gates, Repository

__all__: list[str] = []

ASK = ("-m", "predeploy", "-k", "there_is_one_migration_head")
INI = "[alembic]\nscript_location = %(here)s/db\n"


def revision(name: str, parent: str | None) -> str:
    """The text of a revision file."""
    return f"revision = {name!r}\ndown_revision = {parent!r}\n\n\ndef upgrade() -> None:\n    pass\n"


def files(toml: str, **revisions: str | None) -> dict[str, str]:
    """A repository with these revisions and their parents."""
    config = toml.replace("[service.web]\n", '[service.web]\nmigrations = "alembic"\n')
    found = {f"db/versions/{name}.py": revision(name, parent) for name, parent in revisions.items()}
    return {"gonogo.toml": config, "alembic.ini": INI, "db/env.py": "", **found}


def test_one_line_of_revisions_passes(repository: Repository, gate: Gates) -> None:
    """P31 is green on a line of revisions, and shows them."""
    check = gate(repository(files(repository.process, a=None, b="a")), *ASK).only()

    assert (check.code, check.outcome) == ("P31[web]", Outcome.PASSED)
    assert check.evidence[0].value == [
        ["revision", "follows", "file"],
        ["a", "", "db/versions/a.py"],
        ["b", "a", "db/versions/b.py"],
    ]


def test_two_heads_are_named(repository: Repository, gate: Gates) -> None:
    """P31 names both heads and their files."""
    check = gate(repository(files(repository.process, a=None, b="a", c="a")), *ASK).only()

    assert check.outcome is Outcome.FAILED
    assert check.found == "found 2 heads: b (db/versions/b.py), c (db/versions/c.py); expected one"
    assert check.remedy == "alembic heads; alembic merge heads; then commit the merge revision and deploy it"


def test_a_missing_parent_is_named(repository: Repository, gate: Gates) -> None:
    """P31 names a revision whose parent no file has."""
    check = gate(repository(files(repository.process, a=None, b="gone")), *ASK).only()

    assert check.found == (
        "db/versions/b.py: found down_revision gone, which no file has; expected one unbroken line of revisions"
    )


def test_a_circle_is_named(repository: Repository, gate: Gates) -> None:
    """P31 names the revisions of a circle."""
    check = gate(repository(files(repository.process, a="b", b="a")), *ASK).only()

    assert check.found == (
        "db/versions/a.py: found a circle through revision a; db/versions/b.py: found a circle through revision b; "
        "expected one unbroken line of revisions"
    )


def test_no_revision_at_all_is_red(repository: Repository, gate: Gates) -> None:
    """P31 does not pass where a service has migrations, but no revision is found."""
    check = gate(repository(files(repository.process)), *ASK).only()

    assert check.found == "db/versions: found no revision, expected the migrations of web"


def test_a_service_without_migrations_is_skipped(repository: Repository, gate: Gates) -> None:
    """P31 has nothing to ask of a service without migrations."""
    check = gate(repository({"gonogo.toml": repository.process}), *ASK).only()

    assert (check.outcome, check.found) == (Outcome.SKIPPED, "service web has no migrations")
