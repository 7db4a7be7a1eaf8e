"""What the mounts of a rendered model mean: who writes where, what is configuration, what should be a file. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

__all__ = ["PLACEHOLDERS", "is_code", "is_configuration", "is_like_file", "mounted", "never_written", "written"]

PLACEHOLDERS = frozenset({".gitkeep", ".gitignore", ".keep"})
"""Files that stand in a folder only so that git keeps it."""
_CONFIGURATION = ("/etc/", "/usr/local/etc/", "/docker-entrypoint", "/run/secrets/", "/run/configs/")
_CODE = (".py", ".jinja", ".jinja2", ".j2", ".po", ".mo", ".conf", ".ini", ".cfg", ".toml", ".yml", ".yaml")
_FILES = frozenset(
    {"conf", "cfg", "ini", "json", "yml", "yaml", "toml", "env", "sql", "sh", "py", "txt", "pem", "crt", "key", "xml"}
    | {"html", "css", "js", "lua", "db", "sqlite", "sqlite3", "log", "htpasswd", "template", "properties", "sock"}
)
_UPLOADS = re.compile(r"upload|(?:^|[^a-z])(?:user[-_])?media(?:$|[^a-z])|attachment")
_FILE_NAMES = frozenset({"Caddyfile", "Dockerfile", "Procfile", ".env", ".htpasswd", ".pgpass"})


def is_configuration(target: str) -> bool:
    """Whether what is mounted there is configuration, into which nobody uploads anything."""
    return f"{target}/".startswith(_CONFIGURATION)


def is_code(paths: Iterable[str]) -> bool:
    """Whether files of a folder are what an application is made of; pictures and stylesheets are content."""
    return any(path.endswith(_CODE) or "templates" in path.split("/")[:-1] for path in paths)


def is_like_file(path: str) -> bool:
    """Whether a path's name is one that files have."""
    name = posixpath.basename(path)
    stem, dot, suffix = name.rpartition(".")
    return name in _FILE_NAMES or bool(stem and dot and suffix.casefold() in _FILES)


def mounted(model: Mapping[str, Any]) -> Collection[str]:
    """The sources of all bind mounts."""
    return frozenset(str(volume["source"]) for volume in _binds(model))


def written(model: Mapping[str, Any]) -> Collection[str]:
    """The sources that some service may write to, configuration aside."""
    return frozenset(
        str(volume["source"])
        for volume in _binds(model)
        if not volume.get("read_only") and not is_configuration(str(volume["target"]))
    )


def never_written(model: Mapping[str, Any]) -> Iterator[str]:
    """The volumes for uploads that every service mounts read-only: nobody could ever put anything into them.

    Only volumes of this project alone, called so themselves or by where they are mounted, and empty when they are made.
    """
    uses: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for name, service in (model.get("services") or {}).items():
        for volume in service.get("volumes") or ():
            if volume.get("type") == "volume" and volume.get("source"):
                uses.setdefault(str(volume["source"]), []).append((name, volume))
    for key, mounts in uses.items():
        declared = (model.get("volumes") or {}).get(key) or {}
        own = not declared.get("external") and declared.get("name", "") in {"", f"{model.get('name')}_{key}"}
        called = any(_UPLOADS.search(f"{key} {volume.get('target')}".casefold()) for _, volume in mounts)
        if own and not declared.get("driver_opts") and called and all(volume.get("read_only") for _, volume in mounts):
            names = ", ".join(name for name, _ in mounts)
            yield f"volume {key}: mounted read-only by {names}, and by nobody who may write; uploads into it would fail"


def _binds(model: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    volumes = (volume for one in (model.get("services") or {}).values() for volume in one.get("volumes") or ())
    return (volume for volume in volumes if volume.get("type") == "bind")
