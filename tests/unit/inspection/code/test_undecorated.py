"""A function that lost the decorator which made it a route."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection.code.undecorated import stands_alone

__all__: list[str] = []

MAIN = "import fastapi\n\n{above}def listed():\n    return []\n\n\n@app.get('/other')\ndef other():\n    return []\n"


def found(text: str = MAIN.format(above=""), name: str = "listed", **others: str) -> str:
    """Where it stands alone."""
    texts = {"src/web/main.py": text, **{f"src/web/{name}.py": other for name, other in others.items()}}
    return stands_alone(texts, "web.main", name)


def test_a_function_that_nothing_names_stands_alone() -> None:
    """With its file and line, asynchronous ones too."""
    assert found() == "src/web/main.py:3"
    assert found(MAIN.format(above="async ")) == "src/web/main.py:3"


@pytest.mark.parametrize(
    ("text", "others"),
    [
        (MAIN.format(above="@app.get('/listed')\n"), {}),
        (MAIN.format(above="# @app.get('/list')  until the summer\n"), {}),
        (MAIN.format(above="@app.get('/list')\n"), {}),
        (MAIN.format(above="") + "\nall_of_it = [*listed()]\n", {}),
        (MAIN.format(above=""), {"jobs": "from web.main import listed\n"}),
        (MAIN.format(above=""), {"test_main": "# listed is asked elsewhere\n"}),
        ("class Pages:\n    def listed(self): ...\n", {}),
        ("listed = 3\n", {}),
        ("def listed(:\n", {}),
    ],
)
def test_what_is_decorated_named_or_meant_does_not(text: str, others: dict[str, str]) -> None:
    """A comment above it says that somebody meant it; a name anywhere that it may be used."""
    assert found(text, **others) == ""


def test_a_function_of_another_module_does_not() -> None:
    """Roots differ, modules do not."""
    assert stands_alone({"src/api/main.py": MAIN.format(above="")}, "web.main", "listed") == ""
    assert found(name="make.<locals>.listed") == ""


@given(st.text(), st.text(), st.text())
def test_any_text_is_answered(text: str, module: str, name: str) -> None:
    """Sources are what people committed."""
    assert isinstance(stands_alone({"a.py": text, "b/__init__.py": text}, module, name), str)
