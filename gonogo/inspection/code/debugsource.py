"""Which framework's debug mode a variable switches on, as the application's own sources say. Pure, nothing is run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping

from gonogo.inspection.code.beside import is_beside

__all__ = ["meaning"]

_APPLICATIONS = frozenset({"FastAPI", "Starlette", "Litestar", "Quart", "Sanic", "Application"})
_LOADS = re.compile(r"\.(?:from_object|from_pyfile|from_mapping)\b")
_ABOUT = re.compile(r"\bdebug\b|\bflask\b|\bdjango\b")
_BRINGS = {
    "django": re.compile(r"""^\s*(?:from\s+django\b|import\s[^#\n]*\bdjango\b)|["']django\.""", re.MULTILINE),
    "flask": re.compile(r"^\s*(?:from\s+flask\b|import\s[^#\n]*\bflask\b)", re.MULTILINE),
}
"""What an application is made with; a settings file names Django's applications and imports nothing."""
_FIELD = "debug"


def meaning(variable: str, texts: Mapping[str, str]) -> str:
    """What the variable switches on; empty where no debug mode of a framework is known to be what it is.

    A variable of that name that is only read (the level of a log, a flag of the team's own) is none.
    """
    own = [text for path, text in texts.items() if not is_beside(path) and _is_about(variable, text)]
    trees = list(_trees(variable, own))
    packages = {name for name, brings in _BRINGS.items() if any(map(brings.search, own))}
    if _is_setting(variable, trees) and "django" in packages:
        return "Django's debug mode, which shows settings and code to visitors"
    loads = any(map(_LOADS.search, own))
    if "flask" in packages and ((_is_setting(variable, trees) and loads) or _sets_flask(variable, trees)):
        return "Flask's debug mode"
    return next((f"{name}'s debug mode" for name in _given(variable, trees)), "")


def _is_about(variable: str, text: str) -> bool:
    return variable in text or bool(_ABOUT.search(text))


def _trees(variable: str, texts: Iterable[str]) -> Iterator[ast.Module]:
    """The sources in which anything is set or given; a large application has a thousand others."""
    for text in texts:
        if variable not in text and _FIELD not in text.lower():
            continue
        try:
            yield ast.parse(text)
        except (SyntaxError, ValueError, RecursionError):
            continue


def _is_setting(variable: str, trees: Iterable[ast.Module]) -> bool:
    """Whether every ``DEBUG = …`` of the sources reads the variable: one that does not may be the one that counts."""
    values = [value for tree in trees for target, value in _assigned(tree) if _named(target) == "DEBUG"]
    return bool(values) and all(_reads(value, variable) for value in values)


def _sets_flask(variable: str, trees: Iterable[ast.Module]) -> bool:
    """``app.debug = …`` and ``app.config["DEBUG"] = …`` that read it."""
    return any(
        _reads(value, variable)
        for tree in trees
        for target, value in _assigned(tree)
        if (isinstance(target, ast.Attribute) and target.attr == _FIELD and "app" in _named(target.value).lower())
        or (isinstance(target, ast.Subscript) and _is(target.slice, "DEBUG") and "config" in ast.unparse(target.value))
    )


def _given(variable: str, trees: Iterable[ast.Module]) -> Iterator[str]:
    """The frameworks whose application is given ``debug=`` as the variable says, be it through a settings class."""
    listed = list(trees)
    is_field = any(_is_field(node) for tree in listed for node in ast.walk(tree)) and variable == "DEBUG"
    calls = (node for tree in listed for node in ast.walk(tree) if isinstance(node, ast.Call))
    for call in calls:
        name = _named(call.func)
        given = (item.value for item in call.keywords if item.arg == _FIELD and name in _APPLICATIONS)
        if any(_reads(value, variable) or (is_field and _is_debug(value)) for value in given):
            yield name


def _assigned(tree: ast.Module) -> Iterator[tuple[ast.expr, ast.expr]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            yield from ((target, node.value) for target in node.targets)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            yield node.target, node.value


def _is_field(node: ast.AST) -> bool:
    """``debug: bool`` of a settings class."""
    if not isinstance(node, ast.AnnAssign) or _named(node.target).lower() != _FIELD:
        return False
    return "bool" in ast.unparse(node.annotation)


def _is_debug(value: ast.expr) -> bool:
    """``settings.debug``."""
    return any(isinstance(one, ast.Attribute) and one.attr.lower() == _FIELD for one in ast.walk(value))


def _reads(value: ast.expr, variable: str) -> bool:
    return any(_is(one, variable) for one in ast.walk(value))


def _is(node: ast.AST, text: str) -> bool:
    return isinstance(node, ast.Constant) and node.value == text


def _named(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
