"""Which modules of an application make an engine of SQLAlchemy's and do nothing else when they are imported. Pure."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Mapping

__all__ = ["engine_modules"]

_MAKERS = frozenset({"create_engine", "create_async_engine", "engine_from_config", "async_engine_from_config"})
_IDLE = frozenset({"load_dotenv", "basicConfig", "listen", "setLevel", "filterwarnings"})
"""Calls that a statement of its own may be: they read settings, or say what is logged."""
_DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Pass)
_ASIDE = ("tests", "test", "migrations", "alembic", "scripts")


def engine_modules(texts: Mapping[str, str]) -> tuple[str, ...]:
    """The paths of those modules; one that runs something when it is imported may do more than make an engine."""
    named = (path for path, text in texts.items() if not _is_aside(path) and any(one in text for one in _MAKERS))
    return tuple(sorted(path for path in named if _makes_one(texts[path])))


def _is_aside(path: str) -> bool:
    *folders, name = path.split("/")
    return not set(_ASIDE).isdisjoint(folders) or name.startswith(("test_", "conftest", "__main__"))


def _makes_one(text: str) -> bool:
    try:
        with warnings.catch_warnings(action="ignore"):
            body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return False
    flat = list(_flat(body))
    return all(_is_idle(one) for one in flat) and any(_is_maker(one) for one in flat)


def _flat(body: Iterable[ast.stmt]) -> Iterable[ast.stmt]:
    """The statements of a module, those below ``if`` and ``try`` in their place, but for what only a script runs."""
    for one in body:
        if isinstance(one, ast.If):
            if "__main__" not in ast.dump(one.test):
                yield from _flat((*one.body, *one.orelse))
        elif isinstance(one, ast.Try):
            yield from _flat((*one.body, *(inner for handler in one.handlers for inner in handler.body), *one.orelse))
        else:
            yield one


def _is_idle(one: ast.stmt) -> bool:
    if isinstance(one, ast.Expr):
        return isinstance(one.value, ast.Constant) or (isinstance(one.value, ast.Call) and _called(one.value) in _IDLE)
    return isinstance(one, (*_DEFINITIONS, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Raise, ast.Assert))


def _is_maker(one: ast.stmt) -> bool:
    value = one.value if isinstance(one, (ast.Assign, ast.AnnAssign)) else None
    return isinstance(value, ast.Call) and _called(value) in _MAKERS


def _called(call: ast.Call) -> str:
    """The last name of what is called."""
    return getattr(call.func, "attr", getattr(call.func, "id", ""))
