"""What must never be shown of an environment: the secrets of its files, of this process, and of what releases pinned.

A release on its way out may log a secret that the env file has no more, and a compose file may name secrets of its own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gonogo.config import Environment
from gonogo.inspection.variables.envfile import parse
from gonogo.inspection.variables.envgrammar import Grammar, grammar_of
from gonogo.runtimes.compose.files import BUILD, COMPOSE, CURRENT, ENV, services_of
from gonogo.secrets.known import Redactor, hidden, is_readable, is_secret_name, secret_values, word_secrets
from gonogo.state.release import Release

__all__ = ["pinned_values", "redact_in_use", "redactor_for"]

_LARGEST = 64 * 1024
_IN_USE: list[Redactor] = []
"""All that this process made: what one part of it must not show is shown by none."""


def redactor_for(environment: Environment, variables: Mapping[str, str], *releases: Release | None) -> Redactor:
    """What takes an environment's secrets out of texts; it may learn more later."""
    ours = {name: value for name, value in os.environ.items() if is_secret_name(name) and not is_readable(value)}
    values = set(secret_values(variables, environment.secrets) | secret_values(ours, ours))
    for release in releases:
        values |= pinned_values(release, environment) if release is not None else set()
    redactor = Redactor(hidden(values, (environment.project, *environment.service)))
    _IN_USE.append(redactor)
    return redactor


def redact_in_use(text: str) -> str:
    """A text for the terminal, without anything that this process knows to be secret."""
    for redactor in _IN_USE or [Redactor(())]:
        text = redactor.text(text)
    return text


def pinned_values(release: Release, environment: Environment) -> set[str]:
    """The secrets that a release was pinned with: its env file, its compose models, the files that these name."""
    values = set(secret_values(_env(release.folder / ENV, "raw"), environment.secrets))
    values |= secret_values(_env(release.folder / ENV, grammar_of(release.runtime)), environment.secrets)
    names = {environment.project, *environment.service}
    for name in (BUILD, COMPOSE, CURRENT):
        model = _model(release.folder / name)
        values |= set(_of_model(model, environment))
        names |= services_of(model).keys()
    return set(hidden(values, names))


def _of_model(model: Mapping[str, Any], environment: Environment) -> Iterator[str]:
    for service in services_of(model).values():
        for named in (service.get("environment"), (service.get("build") or {}).get("args"), service.get("labels")):
            plain = {name: _plain(value) for name, value in (named or {}).items() if value is not None}
            yield from secret_values(plain, environment.secrets)
        healthcheck = (service.get("healthcheck") or {}).get("test")
        for words in (service.get("entrypoint"), service.get("command"), healthcheck):
            yield from word_secrets([_plain(word) for word in words or ()])
    for entry in (model.get("secrets") or {}).values():
        yield from secret_values({"file": _text(Path(str((entry or {}).get("file") or os.devnull)))}, {"file"})


def _plain(value: object) -> str:
    return str(value).replace("$$", "$")


def _env(path: Path, grammar: Grammar) -> dict[str, str]:
    return dict(parse(_text(path), grammar=grammar).values)


def _model(path: Path) -> dict[str, Any]:
    try:
        model = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return model if isinstance(model, dict) else {}


def _text(path: Path) -> str:
    """A file's text; nothing where it cannot be read: then nobody here can show it either."""
    try:
        with path.open("rb") as stream:
            return stream.read(_LARGEST).decode("utf-8", "replace")
    except OSError:
        return ""
