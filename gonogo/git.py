"""How git is asked, so that nothing that a shell, a hook or a CI job has set around it decides what it says.

In the developers' checkout its own settings hold (who may read it, how a remote is reached). What a release is made
with reads no settings but its own and those that fetch content: see ``sources``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from gonogo.host.runner import Command

__all__ = ["alone", "ask", "settings"]

_REACHES = re.compile(r"GIT_(?:SSH|ASKPASS|TERMINAL_PROMPT|HTTP_|SSL_|PROXY_|LFS_|TRACE|CURL_|EXEC_PATH)")
"""How a remote is reached; the others say which repository is meant, or how it is shown."""
_CONFIG = re.compile(r"GIT_CONFIG_(?:COUNT|KEY_\d+|VALUE_\d+|GLOBAL|SYSTEM|NOSYSTEM)")
_PLAIN = (
    ("core.fsmonitor", "false"),
    ("core.hooksPath", os.devnull),
    ("core.quotePath", "off"),
    ("log.showSignature", "false"),
)
"""A question runs no program of somebody's, and is answered with nothing beside it."""
_TRUSTED = ("safe.directory", "*")
"""Our own repository is ours, also where a shared disk shows its files as somebody else's."""
_NOBODYS = {
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def ask(folder: Path, *words: str, timeout: float = 60.0, environ: Mapping[str, str] | None = None) -> Command:
    """A question to the repository around a folder, and to no other one, whatever variables are set around us."""
    around = os.environ if environ is None else environ
    kept = {name: value for name, value in around.items() if not name.startswith("GIT_") or _is_kept(name)}
    plain = settings(_PLAIN, first=int(kept.get("GIT_CONFIG_COUNT") or 0))
    return _command(folder, words, {**kept, **plain, "GIT_OPTIONAL_LOCKS": "0"}, timeout)


def alone(
    folder: Path,
    *words: str,
    config: Iterable[tuple[str, str]] = (),
    timeout: float = 60.0,
    environ: Mapping[str, str] | None = None,
) -> Command:
    """A command of a release's own repository: no settings of the machine, the user or the shell have a part in it.

    ``config`` are settings for this command; they stand in no file, they may be secrets.
    """
    around = os.environ if environ is None else environ
    kept = {name: value for name, value in around.items() if not name.startswith("GIT_") or _REACHES.match(name)}
    return _command(folder, words, {**kept, **_NOBODYS, **settings((_TRUSTED, *config))}, timeout)


def settings(config: Iterable[tuple[str, str]], *, first: int = 0) -> dict[str, str]:
    """Settings for one command, as variables; ``first`` stand there already."""
    pairs = tuple(config)
    if not pairs:
        return {}
    found = {"GIT_CONFIG_COUNT": str(first + len(pairs))}
    for number, (name, value) in enumerate(pairs, start=first):
        found |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return found


def _is_kept(name: str) -> bool:
    return bool(_REACHES.match(name) or _CONFIG.fullmatch(name))


def _command(folder: Path, words: tuple[str, ...], environ: Mapping[str, str], timeout: float) -> Command:
    argv = ("git", "-C", str(folder), *words)
    return Command(argv=argv, env=environ, clean_env=True, timeout=timeout)
