"""Keys that sign sessions and tokens, and whose value stands in the source. Pure."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

__all__ = ["Fallback", "fallbacks"]

_SIGNS = re.compile(r"(?:\w+_)?(?:SECRET_KEY|JWT_SECRET|SIGNING_KEY|SESSION_SECRET|APP_SECRET)", re.IGNORECASE)
_OF_OTHERS = re.compile(r"captcha|aws|stripe|s3|github|google|test|fake|dummy|example", re.IGNORECASE)
_ASIDE = re.compile(
    r"(?:^|[/_.-])(?:tests?|conftest|dev|devel|development|local|ci|docs?|examples?|samples?|demo|scripts?|tools"
    r"|fixtures?|migrations|build)(?:[/_.-]|$)",
    re.IGNORECASE,
)
_READS = frozenset({"getenv", "get", "config", "env", "str", "environ", "setdefault"})
_DESK = re.compile(r"dev|test|local|ci\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """One such key, and where its value stands."""

    path: str
    line: int
    name: str
    is_fixed: bool
    """Whether it is that whatever the environment says; otherwise only where nothing sets the variable ``name``."""


def fallbacks(texts: Mapping[str, str]) -> tuple[Fallback, ...]:
    """Those of an application's own modules; of one that several modules set nobody knows which holds."""
    found = [one for path in sorted(texts) if not _ASIDE.search(path) for one in _of_file(path, texts[path])]
    places: dict[str, set[str]] = {}
    for path, text in texts.items():
        for name in {match.upper() for match in re.findall(r"(?m)^\s*(\w+)\s*(?::[^=\n]+)?=(?!=)", text)}:
            places.setdefault(name, set()).add(path)
    return tuple(one for one in found if not one.is_fixed or len(places.get(one.name.upper(), ())) <= 1)


def _of_file(path: str, text: str) -> Iterator[Fallback]:
    if _SIGNS.search(text) is None:
        return
    try:
        with warnings.catch_warnings(action="ignore"):
            module = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and (name := _read(node)):
            yield Fallback(path=path, line=node.lineno, name=name, is_fixed=False)
        elif isinstance(node, ast.ClassDef):
            yield from _of_settings(path, node)
    for one in module.body:
        if (name := _assigned(one)) and _times_set(module, name) == 1:
            yield Fallback(path=path, line=one.lineno, name=name, is_fixed=True)


def _of_settings(path: str, node: ast.ClassDef) -> Iterator[Fallback]:
    """The fields of a pydantic class of settings, unless it is for a desk."""
    if _DESK.search(node.name) or not any(ast.unparse(base).endswith("Settings") for base in node.bases):
        return
    for one in node.body:
        if name := _assigned(one):
            yield Fallback(path=path, line=one.lineno, name=name, is_fixed=False)


def _times_set(module: ast.Module, name: str) -> int:
    return sum(1 for one in ast.walk(module) if isinstance(one, ast.Name) and _is_set(one, name))


def _is_set(node: ast.Name, name: str) -> bool:
    return node.id == name and isinstance(node.ctx, ast.Store)


def _assigned(one: ast.stmt) -> str:
    """The key that a statement gives a value that stands there; an empty text for any other."""
    targets = one.targets if isinstance(one, ast.Assign) else [one.target] if isinstance(one, ast.AnnAssign) else []
    value = one.value if isinstance(one, (ast.Assign, ast.AnnAssign)) else None
    if len(targets) != 1 or not isinstance(targets[0], ast.Name):
        return ""
    name = targets[0].id
    return name if _signs(name) and _is_text(value, name) else ""


def _read(call: ast.Call) -> str:
    """The variable that a call reads, with a value that stands there for when it is not set."""
    called = getattr(call.func, "attr", getattr(call.func, "id", ""))
    first = call.args[0] if call.args else None
    if called not in _READS or not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        return ""
    named = next((one.value for one in call.keywords if one.arg == "default"), None)
    default = named if named is not None else call.args[1] if len(call.args) > 1 else None
    return first.value if _signs(first.value) and _is_text(default, first.value) else ""


def _signs(name: str) -> bool:
    return _SIGNS.fullmatch(name) is not None and not _OF_OTHERS.search(name)


def _is_text(value: ast.expr | None, name: str) -> bool:
    """Whether it is a text that is no name of the variable itself."""
    said = value.value if isinstance(value, ast.Constant) else None
    return isinstance(said, str) and bool(said.strip()) and said.lower() != name.lower()
