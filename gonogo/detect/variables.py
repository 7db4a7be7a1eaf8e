"""Settings classes, and which variables of an application are secrets that it cannot be without."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from gonogo.detect.rendering import Rendered
from gonogo.detect.tree import Tree
from gonogo.inspection.envfile import parse
from gonogo.inspection.secrets import is_secret_name
from gonogo.inspection.settingsclass import required_by_settings

__all__ = ["required_secrets", "settings_files"]

_SHORTEST = 6


def settings_files(tree: Tree, paths: Iterable[str]) -> dict[str, int]:
    """The files among ``paths`` that define a settings class of pydantic's, each with the line."""
    found = {}
    for path in paths:
        text = tree.text(path)
        if "Settings" not in text or tree.is_test(path):
            continue
        match = re.search(r"(?m)^class \w+\([^)]*\bBaseSettings\b", text)
        if match:
            found[path] = text[: match.start()].count("\n") + 1
    return found


def required_secrets(tree: Tree, rendered: Rendered | None, settings: Iterable[str], env_file: str) -> dict[str, str]:
    """Secrets that something refuses to be without, each with who asks for it.

    Asked for are those without a default in a settings class, and ``${NAME:?}`` in a compose file. A secret that a real
    env file sets is in use.
    """
    found: dict[str, str] = {}
    for path in settings:
        try:
            asked = required_by_settings(tree.text(path), path)
        except SyntaxError:
            continue
        for one in asked:
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
