"""Tests of reading sources without importing them."""

import ast
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo import frameworks
from gonogo.config.frameworks import FRAMEWORKS
from gonogo.frameworks import source


@pytest.mark.parametrize(
    ("path", "name"),
    [("main.py", "main"), ("app/routes/x.py", "app.routes.x"), ("app/__init__.py", "app"), ("__init__.py", "")],
)
def test_module_of_a_file(path: str, name: str) -> None:
    """A file is named as seen from the repository's root."""
    assert source.module_of(path) == name


@pytest.mark.parametrize(
    ("statement", "expression", "found"),
    [
        ("import a.b", "a.b.c", ("a", "b.c")),
        ("import a.b as x", "x.c", ("a.b", "c")),
        ("from a import b", "b", ("a", "b")),
        ("from a import b", "b.c", ("a.b", "c")),
        ("from . import b", "b.c", ("shop.web.b", "c")),
        ("from .b import c", "c", ("shop.web.b", "c")),
        ("from ..b import c", "c", ("shop.b", "c")),
        ("x = 1", "local", ("shop.web.urls", "local")),
        ("x = 1", "f(1)", ("shop.web.urls", "f(1)")),
    ],
)
def test_names_are_resolved_through_imports(statement: str, expression: str, found: tuple[str, str]) -> None:
    """What an expression names is told by the imports of its file."""
    file = source.SourceFile("shop/web/urls.py", statement + "\n")

    assert file.resolve(ast.parse(expression, mode="eval").body) == found


def test_every_call_is_met_once() -> None:
    """Calls in branches, handlers, cases, functions and decorators are met exactly once."""
    text = """\
if f(1):
    f(2)
else:
    f(3)
try:
    f(4)
except ValueError:
    f(6)
finally:
    f(7)
match f(8):
    case 1:
        f(9)
with f(10):
    [f(11) for x in f(12)]
@f(13)
def g(x=f(14)):
    return f(15)
for x in f(16):
    f(f(17))
"""
    file = source.SourceFile("a.py", text)
    arguments = [ast.unparse(call.args[0]) for call, _ in file.calls()]

    assert sorted(arguments) == sorted([*(str(number) for number in range(1, 18) if number != 5), "f(17)"])


@pytest.mark.parametrize("framework", sorted(FRAMEWORKS))
def test_the_standard_library_can_be_read(framework: str) -> None:
    """Real sources of every kind are read without an error."""
    folder = Path(ast.__file__).parent
    sources = {f"{path.stem}.py": path.read_bytes() for path in sorted(folder.glob("*.py"))[:80]}
    assert len(sources) > 50, sys.version

    assert isinstance(frameworks.static_routes(sources, framework=framework), tuple)


@given(st.text(max_size=200))
def test_any_text_is_read_or_left_out(text: str) -> None:
    """Whatever a file holds, reading it does not fail."""
    for framework in FRAMEWORKS:
        assert frameworks.static_routes({"a.py": text, "b.py": f"urlpatterns = [{text}]"}, framework=framework) == ()
