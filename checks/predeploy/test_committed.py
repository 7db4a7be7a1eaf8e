"""Whether secrets stay where only this environment's host has them. Messages name variables, never their values."""

from __future__ import annotations

import stat
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from gonogo.checks.predeploy.env_files import examples_of, other_files
from gonogo.checks.predeploy.started import given_to_all
from gonogo.config import Environment
from gonogo.inspection.code import committed, tokens
from gonogo.inspection.code.fallbacks import fallbacks
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected
from gonogo.plugins.source import Source
from gonogo.words import Tier

__all__: list[str] = []

_MOST = 2_000_000
"""Bytes of a file that is looked into: a larger one is data."""
_SHOWN = 3


@pytest.mark.predeploy(
    "P22",
    in_prod="red",
    reads=("tier", "secrets"),
    remedy="git rm --cached FILE, name it in .gitignore, commit; then give [env.{env}] new values: what was committed "
    "stays in the history",
)
def test_no_secret_is_committed(
    environment: Environment,
    env_file: Path | None,
    source: Source,
    context: Context,
    request: pytest.FixtureRequest,
    evidence: Collected,
) -> None:
    """No tracked file holds a secret that this environment runs with, or a private key.

    Catches the committed .env, and the password that stands in a compose file: whoever reads the repository, or an
    image that it is copied into, has them. Red in tier prod, a warning elsewhere. Values of templates and words are
    nobody's secret; a key of tests, of examples, or for a desk is left alone. Warns of an env file that every user of
    the host can read, of a token that its shape tells (Stripe, AWS, GitHub, Slack …), whoever's it is, and of a key
    for sessions or tokens that stands in the source: `os.getenv("SECRET_KEY", "change-me")` where nothing sets it,
    or that each process draws for itself then (`secrets.token_urlsafe()`).

    Before (shell):

        $ git ls-files .env
        .env

    After (shell, and then new values on the host):

        git rm --cached .env
        echo .env >> .gitignore
        git add .gitignore
        git commit --message "Keep the env file out of the repository"
    """
    files = {path: source.root / path for path in source.tracked if not (source.root / path).is_symlink()}
    secrets = _in_use(environment, source, context, request)
    evidence.text("Secrets looked for", ", ".join(map(str, secrets)) or "none")
    found = list(committed.find(secrets, files, lambda path: _content(files[path])))
    named = {one.where.rpartition(":")[0] for one in found}
    keys, shaped = _shapes(files, but=named)
    sure = [*_said(one for one in found if one.is_sure), *(f"{path}: holds a private key" for path in keys)]
    evidence.table("In tracked files", ((line,) for line in sure))
    for line in _said(one for one in found if not one.is_sure):
        evidence.advise(f"{line}; look whether a browser is meant to have it")
    for kind, paths in shaped.items():
        evidence.advise(f"{_places(paths)}: holds {kind}, by its shape; revoke it, or mark its line: allowlist secret")
    if environment.tier is not Tier.DEV:
        for line in _signing(environment, source, context, request):
            evidence.advise(line)
    if env_file is not None and _is_open(env_file) and _own(environment, context):
        evidence.advise(f"{env_file}: every user of this host can read it, expected mode 0600: chmod 600 {env_file}")
    if environment.tier is not Tier.PROD:
        for line in sure:
            evidence.advise(f"{line}, which git tracks; expected it on the host alone")
        return
    if sure:
        first = next((one.where.rpartition(":")[0] for one in found if one.is_sure), keys[0] if keys else "")
        evidence.remedy(
            f"Take it out of {first} (a file of secrets alone: git rm --cached {first}, and name it in .gitignore), "
            f"commit, and give [env.{environment.name}] a new value: what was committed stays in the history"
        )
    aside = "".join(f"; {line}" for line in evidence.advice)
    assert not sure, f"{'; '.join(sure)}; expected no secret of this environment in what git tracks{aside}"


def _signing(
    environment: Environment, source: Source, context: Context, request: pytest.FixtureRequest
) -> Iterator[str]:
    """Keys by which anybody who reads the source could sign what this environment believes, or no two workers agree."""
    _, others = other_files(environment, source, context)
    given = [context.variables, *others.values(), *given_to_all(environment, request)]
    names = {name.upper() for one in given for name, value in one.items() if value}
    for one in fallbacks(source.texts(".py")):
        is_set = not one.is_fixed and any(one.name.upper() in name for name in names)
        if one.is_drawn and not is_set:
            unset = "" if one.is_fixed else " where nothing sets it, as here"
            yield (
                f"{one.path}:{one.line}: each process draws a {one.name} of its own{unset}; expected a value of this "
                "environment's own: workers refuse what another one signed, and each start signs everybody out"
            )
        elif one.is_fixed:
            yield f"{one.path}:{one.line}: holds the value of {one.name}; expected it from the environment"
        elif not is_set:
            yield (
                f"{one.path}:{one.line}: holds what {one.name} is where nothing sets it, as here; "
                "expected a value of this environment's own"
            )


def _in_use(
    environment: Environment, source: Source, context: Context, request: pytest.FixtureRequest
) -> tuple[committed.InUse, ...]:
    """What the environment's services run with that nobody else should know."""
    _, others = other_files(environment, source, context)
    named = {str(context.subject.path / (environment.env_file or ".env")): context.variables, **others}
    examples = [example for name in named for example in examples_of(name, environment, source).values()]
    given = [*named.values(), *given_to_all(environment, request)]
    return committed.in_use(given, declared=environment.secrets, examples=examples)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes() if file.stat().st_size <= _MOST else b""
    except OSError:
        return b""


def _said(found: Iterable[committed.Found]) -> Iterator[str]:
    """One line for each secret, with the places where it stands."""
    places: dict[committed.InUse, list[str]] = {}
    for one in found:
        places.setdefault(one.secret, []).append(one.where)
    for secret, where in places.items():
        yield f"{_places(where)}: holds {secret}"


def _places(where: Sequence[str]) -> str:
    more = f" and {len(where) - _SHOWN} more" if len(where) > _SHOWN else ""
    return f"{', '.join(where[:_SHOWN])}{more}"


def _shapes(files: Mapping[str, Path], *, but: Collection[str]) -> tuple[list[str], dict[str, list[str]]]:
    """The files that are private keys, and kind by kind those with tokens; ``but`` are named already."""
    keys: list[str] = []
    shaped: dict[str, list[str]] = {}
    for path, file in files.items():
        content = _content(file)
        keys += [path] if committed.is_private_key(path, content) else []
        for kind in tokens.shaped(path, content) if path not in but else ():
            shaped.setdefault(kind, []).append(path)
    return keys, shaped


def _is_open(file: Path) -> bool:
    """Whether any user of the machine can read a file: its own mode, and every folder above it."""
    try:
        own = file.stat().st_mode & stat.S_IROTH
        return bool(own) and all(folder.stat().st_mode & stat.S_IXOTH for folder in file.resolve().parents)
    except OSError:
        return False


def _own(environment: Environment, context: Context) -> bool:
    """Whether the env file holds what must be known to nobody else."""
    return bool(committed.in_use([context.variables], declared=environment.secrets, examples=()))
