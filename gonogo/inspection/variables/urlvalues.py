"""Variables that must hold a URL: whether they do, and where the source could not live with anything else. Pure."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from gonogo.inspection.code.beside import is_beside

__all__ = ["is_known", "may_be_meant", "use_of"]

_KNOWN = re.compile(
    r"(?:\w+_)?(?:DATABASE|DB|POSTGRES(?:QL)?|MYSQL|MARIADB|MONGO(?:DB)?|REDIS|VALKEY|AMQP|RABBITMQ|BROKER)_UR[LI]",
    re.IGNORECASE,
)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.:-]*://", re.ASCII)
_OTHER = re.compile(
    r"[\w.-]+:\d{2,5}(?:[/,?].*)?|.*[/\\].*|.*\.(?:db|sqlite3?)|:memory:|.*\b(?:host|dbname|server)\s*=.*",
    re.IGNORECASE,
)
"""An address, a path, a database in memory, a list of ``key=value``: libraries take each of them under such a name."""
_TAKES_URL = frozenset({"create_engine", "create_async_engine", "make_url", "from_url"})
_READS = re.compile(r"(?:os\.)?getenv|(?:os\.)?environ\.get|(?:\w+\.)?config(?:\.get)?|env(?:\.str)?")
_KEEPS = frozenset({"replace", "strip", "rstrip"})
_SETTING = "SQLALCHEMY_DATABASE_URI"
_TYPED = re.compile(r"\b(?:\w*Dsn|Any(?:Http)?Url|HttpUrl)\b")


def is_known(name: str) -> bool:
    """Whether a variable is called as those are that hold the URL of a store or a broker."""
    return bool(_KNOWN.fullmatch(name))


def may_be_meant(value: str) -> bool:
    """Whether a value is a URL, empty, or another form in which some library takes an address."""
    text = value.strip()
    return not text or bool(_URL.match(text) or _OTHER.fullmatch(text))


def use_of(name: str, value: str, texts: Mapping[str, str]) -> str:
    """Where the source takes the variable for a URL, which its value is not; empty where nothing is sure.

    Args:
        name: the variable.
        value: what it holds.
        texts: the application's Python sources, by their paths.
    """
    if not value.strip() or _URL.match(value.strip()):
        return ""
    served = {path: text for path, text in texts.items() if not is_beside(path) and _may_speak_of(name, text)}
    trees = {path: tree for path, text in served.items() if (tree := _parsed(text)) is not None}
    is_plain = not any(_changes(name, tree) for tree in trees.values())
    for path, tree in trees.items():
        for line, how in _uses(name, tree, is_plain=is_plain):
            return f"{path}:{line} {how}"
    return ""


def _may_speak_of(name: str, text: str) -> bool:
    return name.casefold() in text.casefold() or "dj_database_url" in text


def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None


def _uses(name: str, tree: ast.Module, *, is_plain: bool) -> Iterator[tuple[int, str]]:
    """Each place that fails on a value that is no URL: its line, and what it does with it."""
    held = {target.id for target, value in _assigned(tree) if isinstance(target, ast.Name) and _is_read(value, name)}

    def takes(value: ast.expr) -> bool:
        own = isinstance(value, ast.Name) and value.id in held
        return own or _is_read(value, name) or (is_plain and _is_setting(value, name))

    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _named(node.func) in _TAKES_URL and any(map(takes, _given(node))):
            yield node.lineno, f"gives it to {_named(node.func)}"
        elif isinstance(node, ast.Call) and _is_parser(node, name):
            yield node.lineno, f"reads it with {ast.unparse(node.func)}"
        elif isinstance(node, ast.AnnAssign) and is_plain and _is_typed(node, name):
            yield node.lineno, f"expects {ast.unparse(node.annotation)}"
    for target, value in _assigned(tree):
        if _target(target) == _SETTING and takes(value):
            yield target.lineno, f"makes it {_SETTING}"


def _given(call: ast.Call) -> list[ast.expr]:
    """What a call is given as its URL."""
    return [*call.args[:1], *(one.value for one in call.keywords if one.arg == "url")]


def _is_read(value: ast.expr, name: str) -> bool:
    """Whether an expression is the variable's value, as long as that is not empty; scheme or not."""
    if isinstance(value, ast.BoolOp) and isinstance(value.op, ast.Or):
        return _is_read(value.values[0], name)
    if isinstance(value, ast.Subscript):
        return _named(value.value) == "environ" and _is(value.slice, name)
    if not isinstance(value, ast.Call):
        return False
    if isinstance(value.func, ast.Attribute) and value.func.attr in _KEEPS:
        return _is_read(value.func.value, name)
    return bool(_READS.fullmatch(ast.unparse(value.func))) and bool(value.args) and _is(value.args[0], name)


def _is_setting(value: ast.expr, name: str) -> bool:
    """``settings.database_url``, or that as text."""
    if isinstance(value, ast.Call) and _named(value.func) == "str" and value.args:
        return _is_setting(value.args[0], name)
    named = isinstance(value, ast.Attribute) and value.attr.casefold() == name.casefold()
    return named and "settings" in ast.unparse(value).casefold()


def _changes(name: str, tree: ast.Module) -> bool:
    """Whether something in a source may make another value of the setting of that name."""
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return any(
        node.name.casefold() == name.casefold() or any("validator" in ast.unparse(one) for one in node.decorator_list)
        for node in functions
    )


def _is_parser(node: ast.Call, name: str) -> bool:
    """``dj_database_url.config()`` and ``env.db()`` read DATABASE_URL unless they are told another name."""
    called = ast.unparse(node.func)
    told = [one.value for one in node.keywords if one.arg in {"env", "var"}] or node.args[:1]
    asked = _is(told[0], name) if told else name == "DATABASE_URL"
    return called in {"dj_database_url.config", "env.db", "env.db_url"} and asked


def _is_typed(node: ast.AnnAssign, name: str) -> bool:
    """A field of a settings class that pydantic reads as a URL."""
    said = ast.unparse(node.annotation)
    own = isinstance(node.target, ast.Name) and node.target.id.casefold() == name.casefold()
    return own and bool(_TYPED.search(said)) and not re.search(r"\bstr\b", said)


def _assigned(tree: ast.Module) -> Iterator[tuple[ast.expr, ast.expr]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            yield from ((target, node.value) for target in node.targets)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            yield node.target, node.value


def _target(node: ast.expr) -> str:
    """The name of a setting that is assigned: a name, an attribute, a key."""
    if isinstance(node, ast.Subscript):
        return str(node.slice.value) if isinstance(node.slice, ast.Constant) else ""
    return _named(node)


def _is(node: ast.AST, text: str) -> bool:
    return isinstance(node, ast.Constant) and node.value == text


def _named(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
