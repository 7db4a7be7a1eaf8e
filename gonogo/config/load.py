"""Find, read and validate a gonogo.toml; all its mistakes are told at once, each with its line."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from gonogo.config.extends import Resolved, resolve
from gonogo.config.lines import Lines
from gonogo.config.models import App, Environment, Project, Service
from gonogo.config.rules import misjudged
from gonogo.config.waivers import mistakes, twice
from gonogo.errors import ConfigError
from gonogo.words import CONFIG_NAME

__all__ = ["find_project", "load_project", "parse_project"]

Location = tuple[str | int, ...]
_PASSWORD = re.compile(r"(?<=//)[^/@]*:[^/@]*@")
"""Who reaches an address, where a password is a part of it: a mistake is shown without."""
_AT = re.compile(r"\(at line (?P<line>\d+), column (?P<column>\d+)\)")


class _Document(BaseModel):
    """The top level; environments are validated one by one after ``extends`` is resolved."""

    model_config = ConfigDict(extra="forbid")

    app: App
    service: dict[str, dict[str, Any]] = {}
    env: dict[str, dict[str, Any]]


def find_project(start: Path) -> Path:
    """The nearest folder, from ``start`` upwards, that holds a gonogo.toml.

    Raises:
        ConfigError: there is none up to the root of the file system.
    """
    for folder in (start, *start.parents):
        if (folder / CONFIG_NAME).is_file():
            return folder
    raise ConfigError(
        (
            f"{start / CONFIG_NAME}: found no file, here or in a folder above; expected the configuration "
            "of a project. `gonogo init` writes one, in the folder of your application; if it has one, change to it.",
        )
    )


def load_project(root: Path) -> Project:
    """Reads the gonogo.toml of a folder.

    Raises:
        ConfigError: it is missing, unreadable, or wrong in any place.
    """
    path = root / CONFIG_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return load_project(find_project(root))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError((f"{path}: found {error}, expected a readable UTF-8 file.",)) from error
    return parse_project(text, root=root, name=CONFIG_NAME)


def parse_project(text: str, *, root: Path, name: str = CONFIG_NAME) -> Project:
    """Validates a gonogo.toml given as text; ``name`` is what its errors call it.

    Raises:
        ConfigError: with one line for each mistake.
    """
    raw = _toml(text, name)
    report = _Report(name, Lines(text))
    document = _top(raw, report)
    services = _services(raw, report)
    environments = _environments(raw, services, report)
    if document is not None:
        _cross_check(document, environments, raw, report)
    if report.problems or document is None:
        raise ConfigError(tuple(report.problems))
    return Project(root=root, app=document.app, environments=environments)


def _toml(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line, reason = _place_of(error)
        where = f"{name}:{line}" if line else name
        raise ConfigError(
            (f"{where}: found text that is no TOML ({reason}), expected a valid TOML document.",)
        ) from error


def _place_of(error: tomllib.TOMLDecodeError) -> tuple[str, str]:
    """The line of a syntax error, and what is wrong there; at the end of the text there is no line."""
    found = _AT.search(str(error))
    if found is None:
        return "", str(error)
    return found["line"], f"{str(error)[: found.start()].rstrip()}, column {found['column']}"


class _Report:
    """Collects problems with their place."""

    def __init__(self, name: str, lines: Lines) -> None:
        self.name = name
        self.lines = lines
        self.problems: list[str] = []

    def add(self, path: Location, text: str) -> None:
        line = self.lines.find(path)
        where = f"{self.name}:{line}" if line else self.name
        problem = f"{where}: {'.'.join(map(str, path)) or 'the document'}: {text}"
        if problem not in self.problems:
            self.problems.append(problem)

    def pydantic(self, error: ValidationError, model: type[BaseModel], place: Any) -> None:
        seen: set[Location] = set()
        for item in error.errors():
            location = _location(item)
            if location in seen:
                continue
            seen.add(location)
            self.add(place(location), _phrase(item, model, location))


def _clean(location: Sequence[Any]) -> Location:
    """Drops pydantic's own parts (union members, ``[key]``) from a location."""
    own = {"int", "str", "[key]"}
    parts = [part for part in location if isinstance(part, int) or not (part in own or part.startswith("tuple["))]
    return tuple(parts)


def _location(item: Any) -> Location:
    """Where a mistake is; a key that is not known is the last part, however it is called."""
    loc = item["loc"]
    return (*_clean(loc[:-1]), loc[-1]) if item["type"] == "extra_forbidden" else _clean(loc)


def _phrase(item: Any, model: type[BaseModel], location: Location) -> str:
    if item["type"] == "extra_forbidden":
        names = _names_at(model, location[:-1])
        return f"found an unknown key, expected one of {', '.join(sorted(names))}{_nearest(str(location[-1]), names)}"
    if item["type"] == "missing":
        return "found nothing, expected a value (the key is required)"
    expected = item["msg"].removeprefix("Value error, ")
    if not expected.startswith("expected"):
        expected = f"expected: {expected[:1].lower()}{expected[1:]}"
    nearest = _nearest(str(item["input"]), item.get("ctx", {}).get("expected", "").replace(" or ", ", ").split(", "))
    found = json.dumps(item["input"], default=str, ensure_ascii=False)
    shown = "this table" if isinstance(item["input"], dict) else _PASSWORD.sub("", found)[:80]
    return f"found {shown}, {expected}{nearest}"


def _nearest(word: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, [name.strip("'\"") for name in names if name], n=1)
    return f'; did you mean "{close[0]}"?' if close else ""


def _names_at(model: type[BaseModel], location: Location) -> set[str]:
    """The keys allowed in the table at a location."""
    annotation: Any = model
    for part in location:
        annotation = _inner(annotation, part)
    found = next(iter(_models_in(annotation)), model)
    names = {field.alias or name for name, field in found.model_fields.items()}
    return (names - {"name"}) | {"extends"} if found is Environment else names


def _inner(annotation: Any, part: str | int) -> Any:
    for candidate in _models_in(annotation):
        for name, field in candidate.model_fields.items():
            if part in {name, field.alias}:
                return field.annotation
    return annotation


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in getattr(annotation, "__args__", ()) for model in _models_in(inner)]


def _top(raw: dict[str, Any], report: _Report) -> _Document | None:
    try:
        return _Document.model_validate(raw)
    except ValidationError as error:
        report.pydantic(error, _Document, lambda location: location)
        return None


def _services(raw: dict[str, Any], report: _Report) -> dict[str, Any]:
    tables = raw.get("service", {})
    if not isinstance(tables, dict):
        return {}
    for name, table in tables.items():
        if not isinstance(table, dict):
            continue
        try:
            Service.model_validate(table)
        except ValidationError as error:
            report.pydantic(error, Service, lambda location, name=name: ("service", name, *location))
    return {name: table for name, table in tables.items() if isinstance(table, dict)}


def _environments(raw: dict[str, Any], services: Mapping[str, Any], report: _Report) -> dict[str, Environment]:
    tables = raw.get("env", {})
    environments: dict[str, Environment] = {}
    for name in tables if isinstance(tables, dict) else ():
        try:
            resolved = resolve(tables, name, services)
        except ValueError as error:
            report.add(("env", name, "extends"), str(error))
            continue
        if isinstance(tables[name], dict) and "name" in tables[name]:
            report.add(("env", name, "name"), f"found an unknown key, expected the name in the header: [env.{name}]")
        environment = _environment(name, resolved, report)
        for index, text in twice(tables[name].get("waive")) if isinstance(tables[name], dict) else ():
            report.add(("env", name, "waive", index, "check"), text)
        if environment is not None:
            for index, text in mistakes(environment):
                report.add(resolved.place(("waive", index, "check"), report.lines), text)
            for code, text in misjudged(environment):
                report.add(resolved.place(("checks", code), report.lines), text)
            environments[name] = environment
    return environments


def _environment(name: str, resolved: Resolved, report: _Report) -> Environment | None:
    try:
        return Environment.model_validate({**resolved.table, "name": name})
    except ValidationError as error:
        report.pydantic(error, Environment, lambda location: resolved.place(location, report.lines))
        return None


def _cross_check(
    document: _Document, environments: Mapping[str, Environment], raw: Mapping[str, Any], report: _Report
) -> None:
    names = list(raw["env"])
    if not names:
        report.add(("env",), "found no environment, expected at least one table such as [env.staging]")
    default = document.app.default_env
    if default is not None and default not in names:
        report.add(
            ("app", "default_env"), f'found "{default}", expected one of {", ".join(names)}{_nearest(default, names)}'
        )
    for name, environment in environments.items():
        others = [other for other in names if other != name]
        if environment.promote is not None and environment.promote.from_ not in others:
            found, near = environment.promote.from_, _nearest(environment.promote.from_, others)
            expected = f"expected one of {', '.join(others)}{near}" if others else "expected another environment"
            report.add(("env", name, "promote", "from"), f'found "{found}", {expected}')
    holders: dict[tuple[str, str], str] = {}
    for name, environment in environments.items():
        holder = holders.setdefault((environment.runtime, environment.project), name)
        if holder != name:
            report.add(
                ("env", name, "project"),
                f'found "{environment.project}", which env.{holder} has too; expected a project of its own: '
                "two environments that share one would replace each other's containers",
            )
