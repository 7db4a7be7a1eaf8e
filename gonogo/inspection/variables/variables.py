"""What a required variable is, and which of them an environment leaves unset."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gonogo.secrets.known import is_secret_name

__all__ = ["SET_BY_COMPOSE", "Missing", "Variable", "missing"]

_ACCOUNT = re.compile(r"(\w+_)(?:PASSWORD|PASSWD|PASS|SECRET|TOKEN|KEY)$", re.IGNORECASE)
"""What a secret belongs to, of ``EMAIL_HOST_PASSWORD`` both ``EMAIL_HOST_`` and ``EMAIL_``."""
_STORE = re.compile(r"(?:^|_)(?:DB|DATABASE|POSTGRES(?:QL)?|PG|MYSQL|MARIADB|MONGO(?:DB)?)_", re.IGNORECASE)
"""What no application does without."""
_WHOSE = ("HOST", "SERVER", "URL", "DSN", "USER", "USERNAME", "LOGIN", "ID")
SET_BY_COMPOSE = frozenset({"COMPOSE_PROJECT_NAME"})
"""Compose fills these in by itself, so no env file has to."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable that a file asks for, with the place and the conditions under which it does."""

    name: str
    where: str
    why: str
    any_of: tuple[str, ...] = ()
    """Other names that satisfy it as well."""
    prefix: str = ""
    """Any variable whose name starts like this satisfies it (nested settings)."""
    ignore_case: bool = False
    unless: tuple[str, ...] = ()
    """It is not needed when one of these is set (``${A:-${B}}`` needs B only without A)."""
    only_with: tuple[str, ...] = ()
    """It is needed only when all of these are set (``${A:+${B}}``)."""
    empty: str = "refused"
    """``refused``, ``example`` (fine where the example file is empty as well) or ``allowed``."""
    certain: bool = True
    """False where another source than the environment may fill it in."""


@dataclass(frozen=True, slots=True)
class Missing:
    """One required variable that is unset or empty, and every place that asks for it."""

    name: str
    found: str
    asked_by: tuple[str, ...]
    may_be_meant: bool = False
    """Nothing says that it must have a value: whoever passes it on takes an empty one, and it is no secret."""

    def __str__(self) -> str:
        """Which variable, what was found, and who asks for it."""
        return f"{self.name} is {self.found}; asked for by {', '.join(self.asked_by)}"


def missing(
    required: Iterable[Variable],
    env: Mapping[str, str],
    *,
    example: Mapping[str, str] | None = None,
    optional: Iterable[str] = (),
) -> tuple[Missing, ...]:
    """Names the required variables that ``env`` leaves unset or empty, in the order in which they are asked for.

    Uncertain ones (a settings class that reads a secrets folder) are left out. An empty value is refused, except where
    the form of the reference accepts it, or where ``example`` shows that the team leaves empty what is no secret. A
    plain ``${X}`` passes on nothing without complaint: that may be meant where the env file says so in writing, or
    where X is ``optional``, which names what the application has a default for. A secret may be empty where the env
    file leaves its account or its host empty too: mail that is switched off.
    """
    optional = frozenset(optional)
    found: dict[str, list[Variable]] = {}
    for variable in required:
        if _is_asked(variable, env) and _state(variable, env, example or {}) != "set":
            found.setdefault(variable.name, []).append(variable)
    rows = ((name, _state(places[0], env, example or {}), places) for name, places in found.items())
    return tuple(
        Missing(name, state, _places(places), _may_be_meant(places, state, env, optional))
        for name, state, places in rows
    )


def _may_be_meant(places: Iterable[Variable], state: str, env: Mapping[str, str], optional: frozenset[str]) -> bool:
    names = {variable.name for variable in places}
    passed_on = all(variable.empty == "example" for variable in places)
    if any(map(is_secret_name, names)):
        return passed_on and state == "empty" and all(_opens_nothing(name, env) for name in names)
    return passed_on and (state == "empty" or names <= optional)


def _opens_nothing(secret: str, env: Mapping[str, str]) -> bool:
    """Whether the env file leaves empty, in writing, whose or where the secret is: ``SMTP_USER=``, ``SMTP_HOST=``."""
    if (found := _ACCOUNT.match(secret)) is None or _STORE.search(found[1]):
        return False
    return any(
        env.get(f"{what}{whose}") == ""
        for what in (found[1], found[1].rstrip("_").rpartition("_")[0] + "_")
        for whose in _WHOSE
    )


def _places(variables: Iterable[Variable]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{variable.where} ({variable.why})" for variable in variables))


def _is_asked(variable: Variable, env: Mapping[str, str]) -> bool:
    if not variable.certain or variable.name in SET_BY_COMPOSE:
        return False
    return not any(env.get(name) for name in variable.unless) and all(env.get(name) for name in variable.only_with)


def _state(variable: Variable, env: Mapping[str, str], example: Mapping[str, str]) -> str:
    values = _values(variable, env)
    if any(values):
        return "set"
    if not values:
        return "unset"
    meant = variable.empty == "example" and example.get(variable.name) == "" and not is_secret_name(variable.name)
    return "set" if variable.empty == "allowed" or meant else "empty"


def _values(variable: Variable, env: Mapping[str, str]) -> list[str]:
    def fold(name: str) -> str:
        return name.casefold() if variable.ignore_case else name

    names = {fold(name) for name in (variable.name, *variable.any_of)}
    prefix = fold(variable.prefix)
    return [
        value
        for name, value in env.items()
        if fold(name) in names or (prefix and fold(name).startswith(prefix) and value)
    ]
