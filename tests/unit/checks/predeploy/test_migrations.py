"""P31 on real revision files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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


def test_no_revision_yet_only_warns(repository: Repository, gate: Gates) -> None:
    """P31 accepts a project that begins: Alembic upgrades it to nothing."""
    check = gate(repository(files(repository.process)), *ASK).only()

    assert (check.outcome, check.found) == (
        Outcome.WARNED,
        "db/versions: found no revision yet for the migrations of web",
    )


@pytest.mark.parametrize(
    ("ini", "found", "remedy"),
    [
        (
            None,
            "alembic.ini: found no such file",
            "Name the file that alembic is run with in service.web.migrations_config",
        ),
        (
            "[alembic]\nscript_location = wrong\n",
            "wrong: found no such folder",
            "Correct script_location in alembic.ini",
        ),
    ],
)
def test_a_wrong_place_is_told_with_its_own_remedy(
    repository: Repository, gate: Gates, ini: str | None, found: str, remedy: str
) -> None:
    """P31 does not advise merging heads where there is no configuration, or no folder."""
    made = files(repository.process, a=None)
    made = {**made, "alembic.ini": ini} if ini is not None else {k: v for k, v in made.items() if k != "alembic.ini"}
    check = gate(repository(made), *ASK).only()

    assert check.outcome is Outcome.FAILED
    assert (check.found.startswith(found), check.remedy.startswith(remedy)) == (True, True), check


def test_folders_below_and_pyproject_are_read(repository: Repository, gate: Gates) -> None:
    """P31 finds the head that hides in a folder of its year, with Alembic's configuration in pyproject.toml."""
    made = files(repository.process, a=None)
    del made["alembic.ini"]
    toml = '[tool.alembic]\nscript_location = "%(here)s/db"\nrecursive_version_locations = true\n'
    hidden = {"db/versions/2026/b.py": revision("b", "a"), "db/versions/2026/c.py": revision("c", "a")}
    check = gate(repository({**made, "pyproject.toml": toml, **hidden}), *ASK).only()

    assert check.found == "found 2 heads: b (db/versions/2026/b.py), c (db/versions/2026/c.py); expected one"


def test_heads_are_the_teams_own_where_its_command_goes_to_all(repository: Repository, gate: Gates) -> None:
    """P31 is green on branches by design: the migrate command says ``heads``."""
    made = files(repository.process, a=None, b="a", c="a")
    made["gonogo.toml"] += '[env.test.commands]\nmigrate = "alembic upgrade heads"\n'

    assert gate(repository(made), *ASK).only().outcome is Outcome.PASSED


def test_what_cannot_be_read_is_left_to_alembic(repository: Repository, gate: Gates) -> None:
    """P31 skips with the reason where a revision is computed; the artifact is asked later."""
    made = files(repository.process, a=None)
    made["db/versions/b.py"] = "from base import parent\nrevision = 'b'\ndown_revision = parent()\n"
    check = gate(repository(made), *ASK).only()

    assert check.outcome is Outcome.SKIPPED
    assert "db/versions/b.py: found a file that cannot be read as a revision" in check.found


def test_a_service_without_migrations_is_skipped(repository: Repository, gate: Gates) -> None:
    """P31 has nothing to ask of a service without migrations."""
    check = gate(repository({"gonogo.toml": repository.process}), *ASK).only()

    assert (check.outcome, check.found) == (Outcome.SKIPPED, "service web has no migrations")
