"""gonogo.migrations.alembic: revision files read without running them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gonogo.migrations import tool_of
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
    assert TOOL.graph(files).problems == (
        "v/2.py: found revision a1 a second time (first in v/1.py)",
        "v/5.py: found a file that cannot be read as a revision ('(' was never closed (<unknown>, line 1))",
        "v/6.py: found a file that cannot be read as a revision (found 5, expected a revision, several, or None)",
        "v/1.py: found down_revision gone, which no file has",
        "v/3.py: found a circle through revision x",
        "v/4.py: found a circle through revision y",
    )


def test_current_is_read_among_log_lines() -> None:
    """What ``alembic current`` prints, with the application's own noise around it."""
    said = "INFO  [alembic.runtime.migration] Context impl PostgresqlImpl.\nloading settings\nb2f3c4d5e6f7 (head)\n"

    assert TOOL.parse_current(said) == ("b2f3c4d5e6f7",)
    assert TOOL.parse_current("a1\nc3 (head) (mergepoint)\n") == ("a1", "c3")
    assert TOOL.parse_current("") == ()


def test_revisions_are_found_where_the_config_says() -> None:
    """script_location, version_locations, %(here)s, a config in a subfolder, and the default."""
    assert TOOL.folders("alembic.ini", None) == ("alembic/versions",)
    assert TOOL.folders("alembic.ini", "[alembic]\nscript_location = %(here)s/db/migrations\n") == (
        "db/migrations/versions",
    )
    assert TOOL.folders("backend/alembic.ini", "[alembic]\nscript_location = %(here)s/alembic\n") == (
        "backend/alembic/versions",
    )
    assert TOOL.folders("alembic.ini", "[alembic]\nscript_location = myapp:migrations\n") == (
        "myapp/migrations/versions",
    )
    assert TOOL.folders("alembic.ini", "[alembic]\nversion_locations = a/versions b/versions\n") == (
        "a/versions",
        "b/versions",
    )


def test_commands_are_what_a_person_would_type() -> None:
    """The config file is named only when it is not the default."""
    assert tool_of("alembic").upgrade_command("alembic.ini") == ("alembic", "upgrade", "head")
    assert tool_of("alembic").current_command("db/alembic.ini") == ("alembic", "-c", "db/alembic.ini", "current")


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=200), max_size=4))
def test_any_text_is_read_or_told(files: dict[str, str]) -> None:
    """Arbitrary files never crash the reader."""
    graph = TOOL.graph(files)

    assert set(graph.heads()) <= set(graph.revisions)


@given(st.text())
def test_any_output_is_read(text: str) -> None:
    """Arbitrary output gives revisions or none."""
    assert all(" " not in revision for revision in TOOL.parse_current(text))
