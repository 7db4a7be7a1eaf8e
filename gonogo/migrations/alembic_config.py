"""Alembic's configuration, read without running it: where the revisions stand, and what reading cannot know."""

from __future__ import annotations

import configparser
import posixpath
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

__all__ = ["Located", "Reader", "located"]

Reader = Callable[[str], str | None]
"""The text of a file of the application, or None where there is none."""
_TOML = "pyproject.toml"
_SEPARATORS = {"space": r"\s+", "newline": r"\n", "os": ":", ":": ":", ";": ";"}
_PATHS = ("script_location", "version_locations")


@dataclass(frozen=True, kw_only=True)
class Located:
    """Paths are as the configuration has them, ``%(here)s`` filled in."""

    configured: bool
    """Whether there is a configuration at all."""
    script: str = ""
    """The folder with ``env.py``."""
    versions: tuple[str, ...] = ()
    recursive: bool = False
    """Whether revisions stand in folders below these too."""
    unsure: str = ""
    """Why these may not be all revisions; empty where reading shows them."""
    beside: bool = False
    """Whether it names no folder, and ``env.py`` stands beside it: Flask-Migrate's, which says the rest itself."""


def located(config: str, read: Reader, *, section: str = "alembic") -> Located:
    """What the ini file says, and for what it leaves out ``[tool.alembic]`` of pyproject.toml, as Alembic has it."""
    here = posixpath.dirname(config)
    is_toml = posixpath.basename(config) == _TOML
    ini = read(posixpath.join(here, "alembic.ini") if is_toml else config)
    toml = (
        config if is_toml else next((path for path in (posixpath.join(here, _TOML), _TOML) if _table(read(path))), "")
    )
    tables = _table(read(toml)) if toml else {}
    try:
        options = _section(ini, here or ".", section)
        known = {**_filled(tables, posixpath.dirname(toml) or "."), **options}
    except (configparser.Error, ValueError, TypeError, KeyError) as error:
        return Located(configured=True, unsure=f"{config} cannot be read here ({_first(error)})")
    if ini is None and not tables:
        return Located(configured=False)
    if not known.get("script_location") and read(posixpath.join(here, "env.py")) is not None:
        found = _paths({**known, "script_location": here or "."}, is_split="version_locations" in options)
        return replace(found, beside=True)
    return _paths(known, is_split="version_locations" in options)


def _paths(known: Mapping[str, Any], *, is_split: bool) -> Located:
    """The folders of a configuration; what is no folder of the source is not known."""
    script = str(known.get("script_location") or "")
    if not script:
        return Located(configured=True, unsure="no script_location is named")
    named = _split(known) if is_split else [str(one) for one in known.get("version_locations") or ()]
    unsure = next((f"{one} stands elsewhere" for one in (script, *named) if not _is_here(one)), "")
    if str(known.get("sourceless", "")).lower() == "true":
        unsure = "sourceless revisions are bytecode"
    script = _folder(script)
    return Located(
        configured=True,
        script=script,
        versions=tuple(map(_folder, named)) or (posixpath.join(script, "versions"),),
        recursive=str(known.get("recursive_version_locations", "")).lower() == "true",
        unsure=unsure,
    )


def _split(known: Mapping[str, Any]) -> list[str]:
    separator = str(known.get("path_separator") or known.get("version_path_separator") or "")
    pattern = _SEPARATORS.get(separator, r", *|\s+")
    return [part.strip() for part in re.split(pattern, str(known["version_locations"])) if part.strip()]


def _section(text: str | None, here: str, name: str) -> dict[str, str]:
    """The options that decide where revisions stand; another one may need what only Alembic's own run has."""
    parser = configparser.ConfigParser({"here": here}, strict=False)
    parser.read_string(text or "")
    if not parser.has_section(name):
        return {}
    raw = dict(parser.items(name, raw=True))
    return {option: parser.get(name, option) if option in _PATHS else value for option, value in raw.items()}


def _table(text: str | None) -> dict[str, Any]:
    try:
        found = tomllib.loads(text or "").get("tool", {}).get("alembic", {})
    except (ValueError, AttributeError):
        return {}
    return found if isinstance(found, dict) else {}


def _filled(table: Mapping[str, Any], here: str) -> dict[str, Any]:
    filled = dict(table)
    for name in _PATHS:
        value = table.get(name)
        if isinstance(value, str):
            filled[name] = value % {"here": here}
        elif isinstance(value, list):
            filled[name] = [str(one) % {"here": here} for one in value]
    return filled


def _is_here(location: str) -> bool:
    return not location.startswith(("/", "~"))


def _folder(location: str) -> str:
    return posixpath.normpath(location.replace(":", "/"))  # "package:folder" names a folder inside a package


def _first(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
