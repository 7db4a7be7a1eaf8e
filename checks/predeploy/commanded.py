"""What the checks of the team's own commands share: how one is run, and what its end means."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace

from gonogo.config import TeamCommand
from gonogo.errors import CommandError, last_words
from gonogo.gates.process import ACTIVE
from gonogo.host.runner import Command, Completed, this_machine
from gonogo.inspection.answers.expectations import UnknownVariableError, fill
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected, InconclusiveError
from gonogo.plugins.fixtures import Asking
from gonogo.runtimes.place import maker

__all__ = ["judged"]

_SAID = 3
"""Lines of what it said that the message repeats."""


def judged(team: TeamCommand, context: Context, question: Asking, evidence: Collected, *, url: str | None) -> None:
    """Runs a command to its end; red where that is not exit code 0 in its time.

    Raises:
        InconclusiveError: it cannot be run as it is written.
    """
    try:
        command = _command(team, context, question, url)
        done = this_machine(redact=context.redactor.text).run(command)
    except UnknownVariableError as error:
        raise InconclusiveError(
            f"{team.name}: ${{{error.name}}}: found no such variable in the env file, expected one; set it there"
        ) from error
    except CommandError as error:
        raise InconclusiveError(f"{team.name}: {error}") from error
    evidence.command(done)
    evidence.measure(team.name, done.seconds, limit=team.timeout)
    evidence.remedy(f"Run it yourself: cd {shlex.quote(str(context.project.source_root))} && {command}")
    assert done.ok, f"{team.name}: found {_how(done)}, expected exit code 0; it said: {_words(done)}"


def _command(team: TeamCommand, context: Context, question: Asking, url: str | None) -> Command:
    names = dict(_names(context, url))
    argv = tuple(_filled(word, names) for word in team.run)
    if missing := next((word for word in argv if "{url}" in word), None):
        raise CommandError(f"{missing}: found no url, expected one: url = … under [env.{context.environment.name}]")
    if team.service is not None:
        runtime, place = maker(question.runtime, question.place, question.release)
        inside = runtime.in_instance(place, question.release, team.service, argv)
        return replace(inside, timeout=team.timeout, firm=True)
    given = {name: str(value) for name, value in fill(team.env, context.variables).items()}
    told = {f"GONOGO_{name.upper()}": value for name, value in names.items() if name.isidentifier()}
    around = {ACTIVE: "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "", **told, **given}
    return Command(argv=argv, cwd=str(context.project.source_root), env=around, timeout=team.timeout, firm=True)


def _names(context: Context, url: str | None) -> Iterator[tuple[str, str]]:
    """What is filled in, as far as it is known."""
    release = context.subject.release
    yield "env", context.environment.name
    if url is not None:
        yield "url", url
    if release is not None:
        yield "release", release.id
        yield "commit", release.commit
        yield from ((f"image:{service}", image) for service, image in release.images.items())


def _filled(word: str, names: Mapping[str, str]) -> str:
    for name, value in names.items():
        word = word.replace("{" + name + "}", value)
    return word


def _how(done: Completed) -> str:
    return f"no end within {done.command.timeout:g} s" if done.timed_out else f"exit code {done.code}"


def _words(done: Completed) -> str:
    """The end of what it said: of its errors, where it told any."""
    return last_words(done.errors if done.errors.strip() else done.output, most=_SAID)
