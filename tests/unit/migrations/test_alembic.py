"""gonogo.migrations.alembic: revision files read without running them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.migrations import Upgrade, tool_of
from gonogo.migrations.alembic import Alembic

TOOL = Alembic()


def revision(name: str, down: str) -> str:
    """A revision file as ``alembic revision`` writes it."""
    return f'''"""Something

Revision ID: {name}
Revises: x
"""
from typing import Sequence, Union
from alembic import op
import sqlalchemy as sa

revision: str = "{name}"
down_revision: Union[str, None] = {down}
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    pass
'''


LINE = {"v/1.py": revision("a1", "None"), "v/2.py": revision("b2", '"a1"'), "v/3.py": revision("c3", '"b2"')}


def test_line_of_revisions_has_one_head() -> None:
    """Annotated assignments, as alembic writes them today."""
    graph = TOOL.graph(LINE)

    assert (graph.heads(), graph.problems) == (("c3",), ())
    assert graph.pending([]) == ("a1", "b2", "c3")
    assert graph.pending(["b2"]) == ("c3",)
    assert graph.pending(["c3"]) == ()
    assert graph.is_ancestor("a1", "c3")
    assert not graph.is_ancestor("c3", "a1")


def test_two_branches_are_two_heads_and_a_merge_is_one() -> None:
    """``down_revision`` may be a tuple."""
    split = LINE | {"v/4.py": revision("d4", '"b2"')}
    merged = split | {"v/5.py": revision("e5", '("c3", "d4")')}

    assert TOOL.graph(split).heads() == ("c3", "d4")
    assert TOOL.graph(merged).heads() == ("e5",)
    assert TOOL.graph(merged).pending(["c3"]) == ("d4", "e5")


def test_loose_ends_are_problems() -> None:
    """A missing parent, a second file with the same id, a circle, a broken file."""
    files = {
        "v/1.py": revision("a1", '"gone"'),
        "v/2.py": revision("a1", "None"),
        "v/3.py": revision("x", '"y"'),
        "v/4.py": revision("y", '"x"'),
        "v/5.py": "revision = (",
        "v/6.py": 'revision = "z"\ndown_revision = 5\n',
        "v/__init__.py": "",
    }
    graph = TOOL.graph(files)

    assert graph.problems == ("v/3.py: found a circle through revision x", "v/4.py: found a circle through revision y")
    assert graph.doubts == (
        "v/2.py: found revision a1 a second time (first in v/1.py)",
        "v/5.py: found a file that cannot be read as a revision ('(' was never closed (<unknown>, line 1))",
        "v/6.py: found a file that cannot be read as a revision (found 5, expected a revision, several, or None)",
        "v/1.py: found down_revision gone, which no file has",
    )
    assert TOOL.graph({"v/1.py": revision("a1", '"gone"')}).problems == (
        "v/1.py: found down_revision gone, which no file has",
    )


@pytest.mark.parametrize(
    "source",
    [
        'PARENT = "a1"\nrevision = "b2"\ndown_revision = PARENT\n',
        'revision = "b2"\ndown_revision = "a1"\ndepends_on = "elsewhere"\n',
        'from x import revision_id\nrevision = revision_id()\ndown_revision = "a1"\n',
        "revision = 7\n",
    ],
)
def test_what_only_a_run_would_show_is_a_doubt(source: str) -> None:
    """A computed parent, an abbreviated need: Alembic accepts them, so they are no problem."""
    graph = TOOL.graph({"v/1.py": revision("a1", "None"), "v/2.py": source})

    assert graph.problems == ()
    assert len(graph.doubts) == 1


def test_needs_may_be_branch_labels() -> None:
    """``depends_on`` names a label of another branch; needs do not make a head of nothing."""
    first = 'revision = "a1"\ndown_revision = None\nbranch_labels = ("main",)\n'
    graph = TOOL.graph({"v/1.py": first, "v/2.py": 'revision = "b2"\ndown_revision = None\ndepends_on = ["main"]\n'})

    assert (graph.problems, graph.doubts, graph.heads()) == ((), (), ("a1", "b2"))


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("", Upgrade()),
        ("alembic upgrade heads", Upgrade(target="heads")),
        ("{python} -m alembic -n prod -x tenant=a upgrade head", Upgrade(words=("-n", "prod", "-x", "tenant=a"))),
        (
            "alembic --config=db/alembic.ini --name second upgrade main@head",
            Upgrade(config="db/alembic.ini", words=("-n", "second"), target="main@head"),
        ),
        ("sh -c 'cd db && alembic -c x.ini upgrade heads'", Upgrade(config="x.ini", target="heads")),
        ("python scripts/migrate.py", Upgrade(target="")),
        ("flask --app shop:app db upgrade", Upgrade(target="head")),
        ("sh -c 'flask db upgrade heads'", Upgrade(target="heads")),
    ],
)
def test_the_teams_own_command_says_what_is_asked(command: str, expected: Upgrade) -> None:
    """Section, arguments, configuration and target are those of the command that will run."""
    assert TOOL.upgrade(command.split()) == expected


@pytest.mark.parametrize(
    ("command", "bare"),
    [
        ("", True),
        ("alembic upgrade head", True),
        ("sh -c 'cd db && alembic upgrade head'", True),
        ("python -m alembic upgrade head", False),
        ("flask db upgrade", False),
        ("./migrate.sh", False),
    ],
)
def test_only_its_own_program_does_not_import_from_where_it_runs(command: str, bare: bool) -> None:  # noqa: FBT001
    """``python -m`` does, and of a script nothing is known."""
    assert TOOL.upgrade(command.split()).bare is bare


def test_commands_are_what_a_person_would_type() -> None:
    """The config file is named only when it is not the default."""
    assert tool_of("alembic").upgrade_command("alembic.ini") == ("alembic", "upgrade", "head")
    assert tool_of("alembic").upgrade_command("db/alembic.ini") == (
        "alembic",
        "-c",
        "db/alembic.ini",
        "upgrade",
        "head",
    )
    assert tool_of("django").upgrade_command("manage.py") == ("python", "manage.py", "migrate", "--noinput")


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=200), max_size=4))
def test_any_text_is_read_or_told(files: dict[str, str]) -> None:
    """Arbitrary files never crash the reader."""
    graph = TOOL.graph(files)

    assert set(graph.heads()) <= set(graph.revisions)


def test_revision_that_is_assigned_with_its_parent_is_read() -> None:
    """In one line, as in two."""
    graph = TOOL.graph(
        {
            "v/1.py": 'revision, down_revision = "1", None\n',
            "v/2.py": 'revision, down_revision = "2", ("1",)\nbranch_labels, depends_on = None, None\n',
        }
    )

    assert (graph.heads(), graph.problems, graph.doubts) == (("2",), (), ())
