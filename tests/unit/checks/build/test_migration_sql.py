"""P35 on what an upgrade would run, and on tables of some size."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gonogo.checks.build import migrating
from gonogo.checks.build import test_migration_sql as p35
from gonogo.config import Service
from gonogo.host.runner import this_machine
from gonogo.migrations import Revision
from gonogo.migrations.question import Said, Written
from gonogo.plugins.evidence import Collected

__all__: list[str] = []

INDEX = "CREATE INDEX ix ON lamps (hue);"


def asked(
    monkeypatch: pytest.MonkeyPatch,
    *,
    size: int | None,
    dialect: str = "postgresql",
    tool: str = "alembic",
    squawk: str | None = None,
) -> Collected:
    """P35 of one pending index, on a table of this size."""
    written = Written(dialect=dialect, statements={"2": (INDEX,)}, errors={})
    source = "class Migration:\n    operations = [migrations.RunPython(fill)]\n"
    said = Said(pending=(Revision(id="2", parents=(), path="2.py", source=source),), written=written)
    live = Said(sizes={} if size is None else {"lamps": size})
    monkeypatch.setattr("shutil.which", lambda *_, **__: squawk)
    monkeypatch.setattr(p35, "migrating", lambda *_: Service.model_validate({"migrations": tool}))
    monkeypatch.setattr(p35, "would_run", lambda *_: said)
    monkeypatch.setattr(p35, "ask_serving", lambda *_, **__: (live, ""))
    about: Any = SimpleNamespace(serving="something", service="web")
    evidence = Collected()
    p35.test_pending_migrations_hold_no_big_table(about, about, about, about, this_machine(), evidence)
    return evidence


@pytest.mark.parametrize(("size", "told"), [(None, "not known"), (99_999_999, "100.0 MB")])
def test_small_table_is_evidence(monkeypatch: pytest.MonkeyPatch, size: int | None, told: str) -> None:
    """P35 is green where a table is small, or where nobody says how big it is; SQL and locks are there to be read."""
    sql, locks = asked(monkeypatch, size=size).items

    assert sql.value == f"-- 2\n{INDEX}"
    assert locks.value[1] == ["2", INDEX, "SHARE", "lamps", told, "nobody writes while the index is built"]


def test_big_table_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """P35 warns with the statement, the size, and what waits."""
    with pytest.raises(AssertionError) as red:
        asked(monkeypatch, size=2_500_000_000)

    assert str(red.value).partition("\n")[0] == (
        f"found 2: {INDEX} (lamps has 2500.0 MB: nobody writes while the index is built); "
        "expected no long lock on a table that big"
    )


def test_locks_of_other_databases_are_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """P35 does not judge SQLite by PostgreSQL's manual."""
    assert asked(monkeypatch, size=2_500_000_000, dialect="sqlite").items[1].value == [
        ["revision", "statement", "lock", "table", "size", "meanwhile"]
    ]


def test_way_back_of_django_is_known_once_it_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which migrations are pending only Django itself says: what P33 could not read is told here."""
    found = asked(monkeypatch, size=None, tool="django")

    assert found.advice == ["2: RunPython has no reverse_code (line 2); expected a way back"]


SQUAWK = """\
#!/bin/sh
for file in "$@"; do :; done
grep -q 'CREATE INDEX' "$file" || exit 9
printf '[{"file": "%s", "line": 0, "rule_name": "require-lock-timeout", "message": "no bound"},' "$file"
printf '{"file": "%s", "line": 0, "rule_name": "require-concurrent-index-creation", "message": "blocks"}]' "$file"
exit 1
"""


@pytest.mark.parametrize(
    ("text", "said"), [(SQUAWK, [["2", "require-concurrent-index-creation", "blocks"]]), ("#!/bin/sh\n", None)]
)
def test_squawk_is_asked_where_it_is_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, said: list[list[str]] | None
) -> None:
    """What it says of each revision is evidence; one that says nothing that can be read is left alone."""
    program = tmp_path / "squawk"
    program.write_text(text)
    program.chmod(0o755)
    tables = [
        piece.value[1:] for piece in asked(monkeypatch, size=1, squawk=str(program)).items if "squawk" in piece.title
    ]

    assert tables == ([said] if said is not None else [])


@pytest.mark.parametrize(("tool", "serving", "runs"), [("django", None, 0), ("django", "one", 1), ("alembic", None, 1)])
def test_a_first_release_of_django_is_spared_the_writing(
    monkeypatch: pytest.MonkeyPatch, tool: str, serving: str | None, runs: int
) -> None:
    """Writing the SQL of all migrations takes as long as running them; of an upgrade they are few, Alembic is quick."""
    asked: list[str] = []
    said = Said(pending=(Revision(id="2", parents=(), path="2.py"),))

    def ask(*_: object, **__: object) -> Said:
        asked.append("asked")
        return said

    monkeypatch.setattr(migrating, "ask", ask)
    environment = SimpleNamespace(commands={})
    place = SimpleNamespace(environment=environment, project=SimpleNamespace(app=SimpleNamespace(root=".")))
    standing = SimpleNamespace(service="web", accepted=False, pending=said.pending, doubt="", since=())
    question: Any = SimpleNamespace(serving=serving, place=place, databases=(standing,))
    about: Any = SimpleNamespace(id=f"{tool}-{serving}", service="web", source_root=lambda _: Path())

    found = migrating.would_run(question, about, about, Service.model_validate({"migrations": tool}))

    assert (len(asked), found) == (runs, said if runs else None)
