"""What a check needs of the configuration, as its mark says it: whether an environment has it, and what to write.

A need is one or several alternatives (``"app.required or service.required"``). An alternative is a key (``attest``,
``service.entrypoint``, ``service.framework = fastapi``), one of a few words (``images``, ``a URL``, ``a serving
release``), or anything else in words: that is seen only when the check is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from pydantic import BaseModel

from gonogo.config.entries import Watch
from gonogo.config.models import App, Environment, Health, Service
from gonogo.config.runtimes import Capability, with_capability
from gonogo.words import Tier

__all__ = ["NOT_DEV", "held", "is_key", "lacking", "switch_on", "with_default", "written"]

NOT_DEV = "a tier that is not dev"
"""What is not asked in tier dev needs this."""
_TABLES: Mapping[str, type[BaseModel]] = {"app": App, "service": Service, "health": Health, "watch": Watch}
_NOTHING: tuple[object, ...] = (None, "", "none", 0, (), MappingProxyType({}))


def held(need: str, *, app: App, environment: Environment, serving: bool) -> bool | None:
    """Whether a need is met; None where only asking can tell."""
    answers = [_holds(one, app=app, environment=environment, serving=serving) for one in _alternatives(need)]
    return True if True in answers else None if None in answers else False


def lacking(needs: Iterable[str], *, app: App, environment: Environment, serving: bool) -> str | None:
    """The first need that the configuration does not meet; None where there is none."""
    return next(
        (need for need in needs if held(need, app=app, environment=environment, serving=serving) is False), None
    )


def switch_on(need: str, *, env: str) -> str:
    """What meets a need: the key of gonogo.toml to write, and where."""
    first = _alternatives(need)[0]
    if first in _WORDS:
        return _WORDS[first][1].format(env=env)
    table, _, key = _key(first).rpartition(".")
    places = {
        "": f"[env.{env}]",
        "app": "[app]",
        "service": "[service.NAME]",
        "health": f"[env.{env}] health",
        "watch": f"[env.{env}] watch",
    }
    _, equal, value = first.partition(" = ")
    return f'{key} = "{value}" under {places[table]}' if equal else f"{key} = … under {places[table]}"


def written(need: str) -> str:
    """A need as the documentation writes it: keys as code."""
    return " or ".join(f"`{one}`" if is_key(one) else one for one in _alternatives(need))


def with_default(key: str) -> str:
    """A key as the documentation writes it, with what it is where nobody says it; nothing of what has none."""
    table, _, name = key.rpartition(".")
    model: type[BaseModel] = _TABLES[table] if table else Environment
    field = next((one for own, one in model.model_fields.items() if name in {own, one.alias}), None)
    default = field.get_default() if field is not None and not field.is_required() else None
    if default in _NOTHING or not isinstance(default, int | float | str):
        return written(key)
    return f"{written(key)} ({default:g} s)" if isinstance(default, float) else f"{written(key)} ({default})"


def is_key(word: str) -> bool:
    """Whether an alternative names a key of gonogo.toml."""
    table, _, key = _key(word).rpartition(".")
    model = _TABLES.get(table) if table else Environment
    return model is not None and any(key in {name, field.alias} for name, field in model.model_fields.items())


def _alternatives(need: str) -> list[str]:
    return need.split(" or ")


def _key(word: str) -> str:
    return word.partition(" = ")[0]


def _holds(word: str, *, app: App, environment: Environment, serving: bool) -> bool | None:
    if word == "a serving release":
        return serving
    if word in _WORDS:
        return _WORDS[word][0](environment)
    if not is_key(word):
        return None
    key, _, value = word.partition(" = ")
    found = _values(key, app, environment)
    return value in found if value else any(one not in _NOTHING for one in found)


def _values(key: str, app: App, environment: Environment) -> list[object]:
    table, _, name = key.rpartition(".")
    tables: Mapping[str, Iterable[BaseModel]] = {
        "": [environment],
        "app": [app],
        "service": environment.service.values(),
        "health": [environment.health],
        "watch": [environment.watch],
    }
    return [getattr(one, name) for one in tables[table]]


def _has_address(environment: Environment) -> bool | None:
    """Whether somebody can be asked; Compose's published ports are seen only when it is asked."""
    named = environment.url or any(service.url or service.port for service in environment.service.values())
    return True if named else None if environment.has("compose files") else False


def _runtime_with(capability: Capability) -> str:
    return f'runtime = "{with_capability(capability)[0]}" under [env.{{env}}]'


_WORDS: Mapping[str, tuple[Callable[[Environment], bool | None], str]] = {
    "compose": (lambda environment: environment.has("compose files"), _runtime_with("compose files")),
    "images": (lambda environment: environment.has("images"), _runtime_with("images")),
    "a Docker Engine": (lambda environment: environment.has("a Docker Engine"), _runtime_with("a Docker Engine")),
    NOT_DEV: (
        lambda environment: environment.tier != Tier.DEV,
        'tier = "staging" (or "prod") under [env.{env}]',
    ),
    "a URL": (_has_address, "url = … under [env.{env}]"),
    "a serving release": (lambda _: None, "a first `gonogo deploy --env {env}` that goes GO"),
}
