"""Write what was found out as a gonogo.toml that says of each line where it comes from."""

from __future__ import annotations

import json
import textwrap
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from gonogo.config import Environment, Service
from gonogo.config.runtimes import has
from gonogo.detect.facts import Fact, Found, Page, Question, ServiceFacts
from gonogo.detect.health import duration

__all__ = ["GUESS", "toml_of"]

GUESS = "# guess: "
"""How a line begins to say where it comes from, when that is only likely."""

_WIDTH = 118
_COLUMN = 44
_LEAST_WITHIN = 1.0
_SLOWER = 20
"""How much slower than it was measured a page may become."""
_TIERS = {"prod": "prod", "production": "prod", "live": "prod", "dev": "dev", "local": "dev", "development": "dev"}
_COMMANDS = {
    "environment": "the project asks for this Python",
    "install": "the repository's own list of what is installed",
    "migrate": "Alembic needs Flask's application here",
}
_HEAD = """\
# Written by `gonogo init`. Behind each line stands where it comes from; "guess" means: likely, look at it.
# A line that is commented out waits for an answer that only you have. Every key: the documentation, "Configuration".
"""


def toml_of(found: Found, env: str) -> str:
    """The whole file, for one environment."""
    parts = [_HEAD, "\n".join(_app(found))]
    parts += ["\n".join(_service(one)) for one in found.services]
    parts.append("\n".join(_environment(found, env)))
    parts += ["\n".join(_page(page, env)) for page in found.pages]
    if _tier(env) != "prod":
        parts.append("\n".join(_prod(found, env)))
    return "\n\n".join(part.rstrip("\n") for part in parts if part) + "\n"


def _app(found: Found) -> Iterator[str]:
    yield "[app]"
    yield from _line("name", found.name)
    yield from _line("root", found.root)
    yield from _line("required", found.required)


def _service(one: ServiceFacts) -> Iterator[str]:
    if one.command is None and (
        one.role in {"proxy", "store"} or (one.role in {"unknown", "worker"} and one.code is None)
    ):
        yield f"# {one.name} ({one.where}) is deployed too; nothing more needs to be known of it"
        yield from _notes(one.notes)
        yield from _questions(one.questions)
        return
    yield f"[service.{_key(one.name)}]"
    kind = {"web": "serves", "worker": "works in the background"}.get(one.role, "what it does was not found out")
    yield f"# {one.where}: {kind}"
    yield from _notes(one.notes)
    yield from _line("command", one.command)
    yield from _line("port", one.port)
    yield from _line("framework", one.framework)
    yield from _line("entrypoint", one.entrypoint)
    yield from _line("chdir", one.chdir)
    yield from _code(one)
    if one.routes is not None and one.routes.value > 1:
        said = f"{one.routes.value} routes counted ({one.routes.where}); half of them"
        yield from _put("min_routes", one.routes.value // 2, f"# {said}")
    yield from _migrations(one)
    yield from _line("settings", one.settings)
    yield from _questions(one.questions)


def _code(one: ServiceFacts) -> Iterator[str]:
    """Where the files are is read from the Dockerfile again at each deploy; the line is for those who know better."""
    if one.code is not None and one.code.value and one.code.sure:
        yield from _put("# code", one.code.value, f"# read from {one.code.where} at each deploy")
    elif one.code is not None and not one.code.sure:
        yield from _questions(
            [Question(about="code", text=f"where do files stand? {one.code.where}", line='code = { "." = "/app" }')]
        )


def _migrations(one: ServiceFacts) -> Iterator[str]:
    if one.migrations is None:
        return
    if one.migrations.value not in typing.get_args(Service.model_fields["migrations"].annotation):
        yield f"# {one.migrations.where}: gonogo does not run migrations of {one.migrations.value} yet"
        return
    yield from _line("migrations", one.migrations)
    usual = {"alembic": ("alembic.ini", "pyproject.toml"), "django": ("manage.py",)}.get(one.migrations.value, ())
    if one.migrations_config is not None and one.migrations_config.value not in usual:
        yield from _line("migrations_config", one.migrations_config)


def _environment(found: Found, env: str) -> Iterator[str]:
    name = _key(env)
    yield f"[env.{name}]"
    yield f'tier = "{_tier(env)}"'
    if found.runtime != Environment.model_fields["runtime"].default:
        yield from _put(
            "runtime", found.runtime, "# no Docker: releases are folders, instances are processes of this machine"
        )
    yield from _line("project", found.project)
    yield from _line("url", found.url)
    yield from _line("connect_to", found.connect_to)
    yield from _line("compose", found.compose)
    yield from _line("profiles", found.profiles)
    yield from _line("env_file", found.env_file)
    if found.logs is not None:
        yield from _put("logs", {"files": list(found.logs.value)}, _said(found.logs))
    if has(found.runtime, "commands"):
        state = f"/var/lib/gonogo/{found.name.value}/{env}"
        yield from _put("# state", state, "# releases, logs and the lock; without it below ~/.local/state/gonogo")
    yield from _notes(found.notes)
    yield from _questions([one for one in found.questions if not one.about.startswith(("commands.", "health."))])
    yield from _health(found, name)
    yield from _commands(found, name)
    yield from _secrets(found, name)
    for one in found.services:
        if one.url is not None:
            yield f"\n[env.{name}.service.{_key(one.name)}]"
            yield from _line("url", one.url)
            if one.live is not None:
                yield from _put("health", {"live": one.live.value}, _said(one.live))


def _health(found: Found, name: str) -> Iterator[str]:
    if has(found.runtime, "compose files") and found.url is None and found.timeout is None:
        return
    yield f"\n[env.{name}.health]"
    yield from _line("live", found.live)
    yield from _line("ready", found.ready)
    if found.timeout is not None:
        yield from _put("timeout", duration(found.timeout.value), _said(found.timeout))
    yield from _questions([one for one in found.questions if one.about.startswith("health.")])


def _commands(found: Found, name: str) -> Iterator[str]:
    open_ones = [one for one in found.questions if one.about.startswith("commands.")]
    if found.commands is None and not open_ones:
        return
    yield f"\n[env.{name}.commands]"
    for move, command in found.commands.value.items() if found.commands else ():
        yield from _put(move, command, f"# {_COMMANDS[move]}")
    yield from _questions(open_ones)


def _secrets(found: Found, name: str) -> Iterator[str]:
    if found.secrets is None:
        return
    yield f"\n[env.{name}.secrets]"
    yield "# required, and redacted everywhere; min_length is yours to say"
    for secret, where in found.secrets.value.items():
        yield from _put(_key(secret), {}, f"# {where}")


def _page(page: Page, env: str) -> Iterator[str]:
    yield f"[[env.{_key(env)}.endpoint]]"
    yield f'request = "GET {page.path}"'
    yield from _put("status", page.status, f"# {page.where}")
    within = max(_LEAST_WITHIN, float(-(-page.seconds * _SLOWER // 1)))
    yield from _put("within", duration(within), f"# it took {round(page.seconds * 1000)} ms")


def _prod(found: Found, env: str) -> Iterator[str]:
    yield "# production, when gonogo is to deploy it as well:"
    yield "# [env.prod]"
    yield f'# extends = "{env}"'
    yield '# tier = "prod"'
    compose = has(found.runtime, "compose files")
    project = f"{found.project.value}-prod" if compose else f"{found.name.value}-prod"
    yield from _put(
        "# project", project, "# a name of its own" + ("; `docker compose ls` shows what runs" if compose else "")
    )
    yield '# url = "https://www.example.com"'
    yield from _put("# path", f"/opt/{found.name.value}", "# the folder that holds its env file, on this machine")


def _tier(env: str) -> str:
    return _TIERS.get(env, "staging")


def _line(key: str, fact: Fact[Any] | None) -> Iterator[str]:
    if fact is not None:
        yield from _put(key, fact.value, _said(fact))


def _said(fact: Fact[Any]) -> str:
    return f"# {fact.where}" if fact.sure else f"{GUESS}{fact.where}"


def _put(key: str, value: Any, comment: str) -> Iterator[str]:
    """A key with its comment beside it, or above it where there is no room."""
    text = f"{key} = {_toml(value)}"
    padded = f"{text:<{_COLUMN}}{comment}" if len(text) < _COLUMN else f"{text}  {comment}"
    if len(padded) <= _WIDTH and "\n" not in comment:
        yield padded
        return
    yield from textwrap.wrap(comment, _WIDTH, subsequent_indent="#   ", break_long_words=False)
    yield text


def _notes(notes: Iterable[str]) -> Iterator[str]:
    for note in notes:
        yield from textwrap.wrap(f"# note: {note}", _WIDTH, subsequent_indent="#   ", break_long_words=False)


def _questions(questions: Sequence[Question]) -> Iterator[str]:
    for one in questions:
        asked = f"# question: {one.text}"
        yield from textwrap.wrap(asked, _WIDTH, subsequent_indent="#   ", break_long_words=False)
        if one.line:
            yield f"# {one.line}"


def _toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(name)} = {_toml(item)}" for name, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    return json.dumps(str(value), ensure_ascii=False)


def _key(name: str) -> str:
    bare = name.replace("-", "").replace("_", "").isalnum() and name.isascii()
    return name if bare else json.dumps(name, ensure_ascii=False)
