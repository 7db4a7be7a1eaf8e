"""A container that migrates by itself is found in its command or in a script that the command names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection.code.selfmigration import SelfMigration, only_migrates, self_migrating

ENTRYPOINT = """\
#!/bin/sh
set -e
# alembic upgrade head runs in the pipeline
echo "alembic upgrade head is done by CI"
. /app/prepare.sh
exec "$@"
"""
PREPARE = """\
python wait.py
python -m alembic -c /app/alembic.ini upgrade head
"""


@pytest.mark.parametrize(
    ("words", "tool", "is_all"),
    [
        (["alembic", "upgrade", "head"], "alembic", True),
        (["sh", "-c", "alembic -x tenant=a upgrade head && exec uvicorn main:app"], "alembic", False),
        (["python", "-m", "alembic.config", "--raiseerr", "upgrade", "head"], "alembic", True),
        (["sh", "-c", "wait-for db && python manage.py migrate --noinput"], "django", True),
        (["sh", "-c", "flask --app shop db upgrade; gunicorn shop"], "flask", False),
        (["aerich", "upgrade"], "aerich", True),
        (["sh", "-c", "npx prisma migrate deploy && node server.js"], "prisma", False),
        (["python", "-c", "from alembic import command; command.upgrade(cfg, 'head')"], "alembic", True),
    ],
)
def test_found_in_the_command(words: list[str], tool: str, is_all: bool) -> None:  # noqa: FBT001 - a table
    """The tool is named, and whether anything runs after the migration."""
    found = self_migrating(words)

    assert found is not None
    assert (found.tool, found.where, found.is_all) == (tool, "the start command", is_all)


def test_found_in_a_script_that_a_script_names() -> None:
    """Scripts are followed by name, and the line is told."""
    scripts = {"docker/prepare.sh": PREPARE, "docker/entrypoint.sh": ENTRYPOINT}

    assert self_migrating(["/app/entrypoint.sh", "uvicorn"], scripts) == SelfMigration(
        "alembic", "docker/prepare.sh:2", "alembic -c /app/alembic.ini upgrade", is_all=True
    )


@pytest.mark.parametrize(
    "words",
    [
        ["uvicorn", "main:app"],
        ["alembic", "current"],
        ["alembic", "downgrade", "-1"],
        ["python", "manage.py", "migrate", "--check"],
        ["python", "manage.py", "runserver"],
        ["/app/start.sh"],
        [],
    ],
)
def test_not_found(words: list[str]) -> None:
    """Other commands migrate nothing, and a script that nobody names is not read."""
    assert self_migrating(words, {"docker/entrypoint.sh": PREPARE}) is None


def test_comments_and_messages_migrate_nothing() -> None:
    """What a script says about migrations is not what it does."""
    assert self_migrating(["/entrypoint.sh"], {"entrypoint.sh": ENTRYPOINT}) is None


@given(st.lists(st.text(alphabet="alembic upgrd-x=;&|\n#", max_size=40)), st.text(max_size=40))
def test_any_words_are_read(words: list[str], script: str) -> None:
    """No command and no script stops the reading."""
    found = self_migrating(words, {"a": script})

    assert found is None or found.tool == "alembic"


@pytest.mark.parametrize(
    ("words", "scripts", "only"),
    [
        (["alembic", "upgrade", "head"], {}, True),
        (["sh", "-c", "wait-for db && alembic upgrade head"], {}, True),
        (["sh", "-c", "alembic upgrade head && python seed.py"], {}, False),
        (["./prepare.sh"], {"docker/prepare.sh": PREPARE}, True),
        (["sh", "-c", "./prepare.sh && python seed.py"], {"docker/prepare.sh": PREPARE}, False),
        (["./prepare.sh"], {"docker/prepare.sh": PREPARE + "python seed.py\n"}, False),
        (["uvicorn", "main:app"], {}, False),
    ],
)
def test_only_migrates_when_nothing_comes_after(words: list[str], scripts: dict[str, str], only: bool) -> None:  # noqa: FBT001 - a table
    """A command that goes on after its migration, or after the script that migrates, does more than migrate."""
    assert only_migrates(words, scripts) is only
