"""gonogo.migrations.alembic_config: Alembic's configuration in all its forms."""

from __future__ import annotations

import pytest

from gonogo.migrations.alembic_config import Located, located

__all__: list[str] = []

DB = Located(configured=True, script="db", versions=("db/versions",))
TWO = Located(configured=True, script="db", versions=("a/v", "b/v"))


def ask(files: dict[str, str], config: str = "alembic.ini", section: str = "alembic") -> Located:
    """What these files say."""
    return located(config, files.get, section=section)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("script_location = db", DB),
        ("script_location = %(here)s/db\nsqlalchemy.url = %(DB_URL)s", DB),
        ("base = db\nscript_location = %(base)s", DB),
        ("script_location = db\nrecursive_version_locations = true", DB.__class__(**{**vars(DB), "recursive": True})),
        ("script_location = db\nversion_locations = a/v b/v", TWO),
        ("script_location = db\nversion_locations = a/v, b/v", TWO),
        ("script_location = db\nversion_locations = a/v:b/v\nversion_path_separator = os", TWO),
        ("script_location = db\nversion_locations = a/v:b/v\npath_separator = os", TWO),
        ("script_location = db\nversion_locations = a/v;b/v\npath_separator = ;", TWO),
        ("script_location = db\npath_separator = newline\nversion_locations =\n  %(here)s/a/v\n  %(here)s/b/v", TWO),
        ("script_location = app:db", Located(configured=True, script="app/db", versions=("app/db/versions",))),
    ],
)
def test_every_form_of_the_ini_file_is_read(text: str, expected: Located) -> None:
    """Separators of all ages, interpolation, recursion, packages; options that are not asked for may be anything."""
    assert ask({"alembic.ini": f"[alembic]\n{text}\n"}) == expected


def test_pyproject_says_what_the_ini_file_leaves_out() -> None:
    """With or without an ini file, and named as the configuration; the ini file comes first."""
    toml = '[tool.alembic]\nscript_location = "%(here)s/db"\nversion_locations = ["%(here)s/a/v", "b/v"]\n'

    assert ask({"alembic.ini": "[alembic]\n", "pyproject.toml": toml}) == TWO
    assert ask({"pyproject.toml": toml}) == TWO
    assert ask({"pyproject.toml": toml}, "pyproject.toml") == TWO
    assert ask({"alembic.ini": "[alembic]\nscript_location = x\n", "pyproject.toml": toml}).script == "x"
    assert ask({"backend/pyproject.toml": toml}, "backend/alembic.ini").script == "backend/db"


def test_another_section_is_read_where_the_command_names_it() -> None:
    """Several configurations in one file, chosen with ``-n``."""
    text = "[alembic]\nscript_location = one\n[second]\nscript_location = two\n"

    assert ask({"alembic.ini": text}, section="second").script == "two"


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        ("script_location = /app/db", "/app/db stands elsewhere"),
        ("script_location = db\nsourceless = true", "sourceless revisions are bytecode"),
        ("script_location = %(FOLDER)s/db", "alembic.ini cannot be read here (Bad value substitution"),
        ("sqlalchemy.url = x", "no script_location is named"),
    ],
)
def test_what_reading_cannot_know_is_a_doubt(text: str, doubt: str) -> None:
    """Nothing is said to be missing."""
    found = ask({"alembic.ini": f"[alembic]\n{text}\n"})

    assert found.configured
    assert found.unsure.startswith(doubt)


def test_no_configuration_at_all_is_told_apart() -> None:
    """Neither an ini file nor a table; a pyproject.toml of other tools is none."""
    assert ask({"pyproject.toml": "[tool.ruff]\n"}) == Located(configured=False)
    assert ask({}) == Located(configured=False)
