"""Settings classes, and which variables of an application are secrets that it cannot be without."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from gonogo.detect.rendering import Rendered
from gonogo.detect.tree import Tree
from gonogo.inspection.variables.envfile import parse
from gonogo.inspection.variables.settingsclass import required_by_settings
from gonogo.inspection.variables.variables import Variable
from gonogo.secrets.known import is_secret_name

__all__ = ["required_secrets", "settings_files"]

_SHORTEST = 6
_SETTINGS = re.compile(r"(?m)^class (\w+)\(([^)]*Settings\b[^)]*)\)")


def settings_files(tree: Tree, paths: Iterable[str]) -> dict[str, int]:
    """The files among ``paths`` that define a settings class of pydantic's, each with the line.

    Left out are those that demand nothing, and those whose class is made with arguments somewhere: what it demands is
    then given there.
    """
    texts = {path: tree.text(path) for path in paths if not tree.is_test(path)}
    classes = {path: _SETTINGS.findall(text) for path, text in texts.items() if "ettings" in text}
    known = {name for names in classes.values() for name, _ in names} | {"BaseSettings"}
    found = {}
    for path, names in classes.items():
        own = [name for name, bases in names if known & set(re.findall(r"\w+", bases))]
        if own and _demands(texts[path], path) and not any(_is_given(name, texts.values()) for name in own):
            found[path] = texts[path][: texts[path].index(f"class {own[0]}(")].count("\n") + 1
    return found


def _demands(text: str, path: str) -> tuple[Variable, ...]:
    """The variables without which a file's settings cannot be made."""
    try:
        return required_by_settings(text, path)
    except SyntaxError:
        return ()


def _is_given(name: str, texts: Iterable[str]) -> bool:
    """Whether a class is made with keyword arguments."""
    made = re.compile(rf"(?<!class )\b{name}\(\s*(?!_env_file)\w+\s*=")
    return any(made.search(text) for text in texts)


def required_secrets(tree: Tree, rendered: Rendered | None, settings: Iterable[str], env_file: str) -> dict[str, str]:
    """Secrets that something refuses to be without, each with who asks for it.

    Asked for are those without a default in a settings class, and ``${NAME:?}`` in a compose file. A secret that a real
    env file sets is in use.
    """
    found: dict[str, str] = {}
    for path in settings:
        for one in _demands(tree.text(path), path):
            if one.certain and is_secret_name(one.name):
                found.setdefault(one.name, one.where)
    for name, where in _by_compose(tree, rendered).items():
        if is_secret_name(name):
            found.setdefault(name, where)
    for name, value in _real(tree, env_file).items():
        if is_secret_name(name) and len(value) >= _SHORTEST:
            found.setdefault(name, env_file)
    return found


def _by_compose(tree: Tree, rendered: Rendered | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in rendered.files if rendered else ():
        for name in re.findall(r"\$\{(\w+):?\?", tree.text(path)):
            found.setdefault(name, tree.where(path, f"${{{name}"))
    return found


def _real(tree: Tree, env_file: str) -> Mapping[str, str]:
    return parse(tree.text(env_file)).values if env_file else {}
