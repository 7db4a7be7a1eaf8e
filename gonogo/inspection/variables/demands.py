"""Which variables a release asks for, and where a service may have them from apart from the env file."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from gonogo.config import Environment
from gonogo.inspection.variables.envfile import parse, required_by_compose
from gonogo.inspection.variables.envfiles import is_example
from gonogo.inspection.variables.envgrammar import Grammar
from gonogo.inspection.variables.settingsclass import optional_in_settings, required_by_settings
from gonogo.inspection.variables.variables import Variable

__all__ = [
    "EXAMPLES",
    "example_file",
    "given",
    "image_variables",
    "lost",
    "of_environment",
    "of_services",
    "optional",
    "read",
]

_T = TypeVar("_T")
EXAMPLES = (".env.example", ".env.sample", ".env.template", ".env.dist", "env.example", ".env.tmpl")
"""Names under which teams keep the env file that says what stands in it."""
_OF_EACH_SHELL = frozenset({"PWD", "HOME", "USER", "PATH", "LANG", "TZ", "TMPDIR"})
"""Nobody writes these into an env file: compose files are rendered with those of the machine."""
_ENV = re.compile(r"^\s*ENV\s+(.*)$", re.MULTILINE | re.IGNORECASE)
_ASSIGNED = re.compile(r"(?:^|\s)([A-Za-z_]\w*)=")


def read(env_file: Path | None, *, grammar: Grammar = "raw") -> tuple[str, Mapping[str, str]]:
    """What is wrong with an env file (empty when nothing is), and what it says."""
    if env_file is None:
        return "", {}
    try:
        found = parse(env_file.read_text(encoding="utf-8"), name=str(env_file), grammar=grammar)
    except FileNotFoundError:
        return (
            f"{env_file}: found no file, expected the environment's variables; begin with: cp .env.example {env_file}",
            {},
        )
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return f"{env_file}:{line}: found bytes that are no UTF-8, expected text in UTF-8; save the file as UTF-8", {}
    except OSError as error:
        return (
            f"{env_file}: found a file that cannot be read ({error.strerror}), expected the environment's variables",
            {},
        )
    return "; ".join(found.errors), found.values


def lost(env_file: Path | None, given: Collection[str], *, grammar: Grammar = "raw") -> frozenset[str]:
    """The variables of an env file that lose a part: a ``$`` in them begins the name of a variable that nobody sets.

    ``given`` are those that are set outside of it. Of a file that cannot be read ``read`` tells.
    """
    try:
        found = parse(env_file.read_text(encoding="utf-8"), grammar=grammar) if env_file is not None else None
    except (OSError, ValueError):
        return frozenset()
    parts = found.lost.items() if found is not None else ()
    return frozenset(name for name, names in parts if not set(names) <= set(given))


def of_environment(environment: Environment, folder: Path) -> tuple[Variable, ...]:
    """The variables that gonogo.toml and the compose files ask of the env file."""
    texts = {}
    for name in environment.compose_files:
        with contextlib.suppress(OSError):
            texts[name] = (folder / name).read_text(encoding="utf-8", errors="replace")
    declared = {
        **dict.fromkeys(environment.required_env, "required_env"),
        **dict.fromkeys(environment.secrets, "secrets"),
    }
    own = (Variable(name, "gonogo.toml", f"env.{environment.name}.{key}") for name, key in declared.items())
    return (*own, *(one for one in required_by_compose(texts) if one.name not in _OF_EACH_SHELL))


def of_services(environment: Environment, folder: Path) -> dict[str, tuple[Variable, ...]]:
    """Service → the variables that its settings files demand; one that cannot be read is P05's and P06's business."""
    return {
        name: tuple(_of_settings(folder, service.settings, required_by_settings))
        for name, service in environment.service.items()
    }


def optional(environment: Environment, folder: Path) -> frozenset[str]:
    """The variables for which the settings files of some service have a default."""
    files = [name for service in environment.service.values() for name in service.settings]
    return frozenset(_of_settings(folder, files, optional_in_settings))


def example_file(folder: Path, environment: Environment | None = None) -> tuple[str, Mapping[str, str]]:
    """The name and the variables of the example env file; an empty name where there is none.

    It stands at the top of the application's folder, or where the environment's own env file does.
    """
    for name in dict.fromkeys([*_examples(environment), *_others(folder)]):
        try:
            text = (folder / name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        return name, parse(text, name=name).values
    return "", {}


def _others(folder: Path) -> list[str]:
    """Files that say by their names that they are examples."""
    with contextlib.suppress(OSError):
        return sorted(path.name for path in folder.iterdir() if is_example(path.name))
    return []


def _examples(environment: Environment | None) -> Iterator[str]:
    yield from EXAMPLES
    if environment is None:
        return
    beside = environment.env_file or next(iter(environment.compose_files), "")
    yield from ((Path(beside).parent / name).as_posix() for name in EXAMPLES)


def image_variables(dockerfile: str) -> frozenset[str]:
    """The names that a Dockerfile's ENV lines set."""
    joined = re.sub(r"\\\r?\n", " ", dockerfile)
    names: set[str] = set()
    for line in _ENV.findall(joined):
        assigned = _ASSIGNED.findall(line)
        names.update(assigned or line.split()[:1])
    return frozenset(names)


def given(model: Mapping[str, Any], service: str) -> dict[str, str]:
    """What a service gets besides the env file: its variables in the rendered model, and its image's own."""
    definition = (model.get("services") or {}).get(service) or {}
    variables = {name: str(value) for name, value in (definition.get("environment") or {}).items() if value is not None}
    build = definition.get("build") or {}
    context = Path(str(build.get("context") or "."))
    try:
        dockerfile = (context / str(build.get("dockerfile") or "Dockerfile")).read_text("utf-8", "replace")
    except OSError:
        dockerfile = ""
    return {**dict.fromkeys(image_variables(dockerfile), "(set by the image)"), **variables}


def _of_settings(folder: Path, files: Iterable[str], of: Callable[[str, str], Iterable[_T]]) -> Iterator[_T]:
    for name in files:
        with contextlib.suppress(OSError, SyntaxError, ValueError):
            yield from of((folder / name).read_text(encoding="utf-8", errors="replace"), name)
