"""A check's source, read fast, is what ``inspect`` says: a release pinned by a former version knows it by that."""

from __future__ import annotations

import importlib
import inspect
import linecache
from pathlib import Path
from types import FunctionType, SimpleNamespace
from typing import Any, cast

import pytest

from gonogo.config.builtin import checks_folder
from gonogo.plugins import fingerprint

__all__: list[str] = []

MODULES = sorted(checks_folder().glob("*/test_*.py"))

ODD = '''\
import functools

import pytest


def wrap(function):
    @functools.wraps(function)
    def wrapped():
        return function()

    return wrapped


def test_text_at_the_margin():
    text = """
def test_inside():
    pass
other = 1
"""
    assert text
# at the margin


    # inside still


def test_brackets(
    tmp_path
) -> None:
    found = [
        1,
]
    assert found  # at the end

# of the module

def test_one_line(): pass
@pytest.mark.parametrize("a", [(1)], ids=lambda a: "(")
def test_lambda(a):
    assert a


@pytest.mark.usefixtures("tmp_path")

# between
@pytest.mark.parametrize(
    "a",
    [1],
)
def test_decorated(a):
    assert a
    def inner():
        # a comment

        pass


@wrap
def test_wrapped():
    assert True


async def test_async():
    assert True


class Tests:
    def test_method(self):
        assert True


test_made = lambda: None
if True:
    def test_nested():
        assert True
def test_last():
    assert True
    # the end'''


def sources(module: Any) -> dict[str, tuple[str, str]]:
    """Name → what we say and what ``inspect`` says, for each function of a module."""
    held = {**vars(module), **vars(getattr(module, "Tests", SimpleNamespace()))}
    tested = {name: one for name, one in held.items() if inspect.isfunction(one) and one.__module__ == module.__name__}
    items = {name: cast("pytest.Item", SimpleNamespace(obj=one)) for name, one in tested.items()}
    return {name: (fingerprint.source(item), inspect.getsource(tested[name])) for name, item in items.items()}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_built_in_checks(path: Path) -> None:
    """Every built-in check is read without a look at each token."""
    module = importlib.import_module(f"gonogo.checks.{path.parent.name}.{path.stem}")
    checks = [one for name, one in vars(module).items() if name.startswith("test_") and isinstance(one, FunctionType)]

    assert {name: ours for name, (ours, _) in sources(module).items()} == {
        name: theirs for name, (_, theirs) in sources(module).items()
    }
    assert all(fingerprint._quickly(check) for check in checks)


@pytest.mark.parametrize("end", ["", "\n", "\n\n\n", "\nlater = 1\n", "\n# more\n"])
def test_odd_checks(tmp_path: Path, end: str) -> None:
    """Texts and brackets at the margin, comments, decorators, classes."""
    path = tmp_path / "odd.py"
    path.write_text(ODD + end)
    linecache.checkcache(str(path))
    module = SimpleNamespace(__name__="odd_checks")
    names: dict[str, Any] = {"__name__": "odd_checks", "__file__": str(path)}
    exec(compile(path.read_text(), str(path), "exec"), names)  # noqa: S102 (a module of its own each time)
    vars(module).update(names)

    found = sources(module)

    assert len(found) > 10
    assert {name: ours for name, (ours, _) in found.items()} == {name: theirs for name, (_, theirs) in found.items()}
