"""Keys that sign sessions and tokens, and whose value stands in the source, or is drawn by each process. Pure."""

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
_DRAWS = re.compile(
    r"(?:secrets\.)?token_(?:urlsafe|hex|bytes)|(?:os\.)?urandom|(?:[\w.]+\.)?get_random_secret_key|(?:uuid\.)?uuid4"
    r"|Fernet\.generate_key"
)
_KEEPS = re.compile(r"open\(|read|load|Path|cache|redis|setdefault|get_or_create")
"""What is drawn once, and kept for all processes."""
_DESK = re.compile(r"dev|test|local|ci\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """One such key, and where its value stands."""

    path: str
    line: int
    name: str
    is_fixed: bool
    """Whether it is that whatever the environment says; otherwise only where nothing sets the variable ``name``."""
    is_drawn: bool = False
    """Whether each process draws one of its own, in place of a value that everybody can read."""


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
        if isinstance(node, (ast.Call, ast.BoolOp)) and (found := _read(node)) is not None:
            yield Fallback(path=path, line=node.lineno, name=found[0], is_fixed=False, is_drawn=found[1])
        elif isinstance(node, ast.ClassDef):
            yield from _of_settings(path, node)
    for one in module.body:
        if (found := _assigned(one)) is not None and _times_set(module, found[0]) == 1:
            yield Fallback(path=path, line=one.lineno, name=found[0], is_fixed=True, is_drawn=found[1])


def _of_settings(path: str, node: ast.ClassDef) -> Iterator[Fallback]:
    """The fields of a pydantic class of settings, unless it is for a desk."""
    if _DESK.search(node.name) or not any(ast.unparse(base).endswith("Settings") for base in node.bases):
        return
    for one in node.body:
        if (found := _assigned(one)) is not None:
            yield Fallback(path=path, line=one.lineno, name=found[0], is_fixed=False, is_drawn=found[1])


def _times_set(module: ast.Module, name: str) -> int:
    return sum(1 for one in ast.walk(module) if isinstance(one, ast.Name) and _is_set(one, name))


def _is_set(node: ast.Name, name: str) -> bool:
    return node.id == name and isinstance(node.ctx, ast.Store)


def _assigned(one: ast.stmt) -> tuple[str, bool] | None:
    """The key that a statement gives a value that stands there, and whether it is drawn; None for any other."""
    targets = one.targets if isinstance(one, ast.Assign) else [one.target] if isinstance(one, ast.AnnAssign) else []
    value = one.value if isinstance(one, (ast.Assign, ast.AnnAssign)) else None
    if len(targets) != 1 or not isinstance(targets[0], ast.Name):
        return None
    return _given(targets[0].id, value)


def _read(found: ast.Call | ast.BoolOp) -> tuple[str, bool] | None:
    """The variable that is read, with a value that stands there for when it is not set, and whether it is drawn."""
    if isinstance(found, ast.BoolOp):
        called = found.values[0] if isinstance(found.op, ast.Or) else None
        name = _variable(called) if isinstance(called, ast.Call) else ""
        return _given(name, found.values[-1]) if name else None
    named = next((one.value for one in found.keywords if one.arg == "default"), None)
    default = named if named is not None else found.args[1] if len(found.args) > 1 else None
    return _given(_variable(found), default)


def _variable(call: ast.Call) -> str:
    """The variable of the environment that a call reads; an empty text for any other call."""
    called = getattr(call.func, "attr", getattr(call.func, "id", ""))
    first = call.args[0] if call.args else None
    is_read = called in _READS and isinstance(first, ast.Constant) and isinstance(first.value, str)
    return str(first.value) if is_read and isinstance(first, ast.Constant) else ""


def _given(name: str, value: ast.expr | None) -> tuple[str, bool] | None:
    """A key with its value, as above."""
    if not _signs(name):
        return None
    if _is_text(value, name):
        return name, False
    return (name, True) if _is_drawn(value) else None


def _is_drawn(value: ast.expr | None) -> bool:
    """Whether it is random, and nobody keeps it: ``secrets.token_urlsafe(32)``, ``os.urandom(24).hex()``."""
    if value is None or _KEEPS.search(ast.unparse(value)):
        return False
    calls = [one for one in ast.walk(value) if isinstance(one, ast.Call)]
    return any(_DRAWS.fullmatch(ast.unparse(one.func)) for one in calls) and not any(map(_variable, calls))


def _signs(name: str) -> bool:
    return _SIGNS.fullmatch(name) is not None and not _OF_OTHERS.search(name)


def _is_text(value: ast.expr | None, name: str) -> bool:
    """Whether it is a text that is no name of the variable itself."""
    said = value.value if isinstance(value, ast.Constant) else None
    return isinstance(said, str) and bool(said.strip()) and said.lower() != name.lower()
