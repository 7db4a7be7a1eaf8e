"""A migration tool asked in an artifact, once for all checks; and which of its errors are the release's fault."""

from __future__ import annotations

import pytest

from gonogo.checks.build.probing import needs_python
from gonogo.config import Environment, Service
from gonogo.errors import CommandError, OutOfTimeError
from gonogo.gates.pending_migrations import migrated
from gonogo.migrations import tool_of
from gonogo.migrations.question import Said, Trouble, ask
from gonogo.plugins.evidence import InconclusiveError
from gonogo.plugins.fixtures import Asking
from gonogo.runtimes.base import Artifact
from gonogo.state.release import Release

__all__ = ["artifact_said", "fails_for_certain", "is_certain", "migrating", "serving_said", "would_run"]

_SAID: dict[tuple[str, str], Said] = {}
_WOULD: dict[tuple[str, str], Said | None] = {}
_CERTAIN = frozenset({"SyntaxError", "ImportError", "NameError"})
"""No surroundings, and no way in which env.py is run, make these right."""
_SURROUNDINGS = frozenset({"OSError", "DBAPIError", "DatabaseError", "TimeoutError", "ConnectionError", "HTTPError"})
"""An artifact is asked without a network, and perhaps without what stands around an instance."""
_AROUND = frozenset({"BotoCoreError", "RequestException", "TransportError", "RedisError", "GoogleAPIError"})


def artifact_said(question: Asking, release: Release, artifact: Artifact, service: Service) -> Said:
    """What the tool says in the release's artifact.

    Raises:
        InconclusiveError: it could not be asked.
    """
    key = (release.id, artifact.service)
    if key not in _SAID:
        own = question.place.environment.commands.get("migrate", ())
        root = release.source_root(question.place.project.app.root)
        try:
            _SAID[key] = ask(artifact, root, service, tool_of(service.migrations), own, environment=True)
        except CommandError as error:
            raise InconclusiveError(str(error)) from error
    return _SAID[key]


def migrating(artifact: Artifact, environment: Environment) -> Service:
    """The service of an artifact, where it is asked about its migrations."""
    service = environment.service.get(artifact.service, Service())
    if service.migrations == "none":
        pytest.skip(f"service.{artifact.service} has no migrations")
    if artifact.service not in migrated(environment):
        pytest.skip(f"service.{artifact.service} has the migrations of another one, which is asked about them")
    return service


def would_run(question: Asking, release: Release, artifact: Artifact, service: Service) -> Said | None:
    """What an upgrade from where the database stands would run, with its SQL; None where nothing would or is said."""
    key = (release.id, artifact.service)
    if key not in _WOULD:
        _WOULD[key] = _would_run(question, release, artifact, service)
    return _WOULD[key]


def _would_run(question: Asking, release: Release, artifact: Artifact, service: Service) -> Said | None:
    tool = tool_of(service.migrations)
    if question.serving is None and tool.reads_models:
        return None  # Django's SQL for hundreds of migrations takes as long as running them, and nothing serves yet
    own = question.place.environment.commands.get("migrate", ())
    root = release.source_root(question.place.project.app.root)
    standing = next((one for one in question.databases if one.service == artifact.service), None)
    if standing is None or standing.accepted or not (standing.pending or standing.doubt):
        return None
    try:
        said = ask(artifact, root, service, tool, own, since=list(standing.since), sql=True)
    except CommandError:
        return None
    return said if said.error is None and said.pending else None


def serving_said(question: Asking, service: str, configured: Service) -> Said | None:
    """What the tool says in the serving release's artifact; None where there is none, or it cannot be asked.

    Raises:
        InconclusiveError: it did not answer in time, so that nobody knows whether it was so before.
    """
    serving = question.serving
    if serving is None or not needs_python(configured):
        return None
    try:
        artifacts = question.runtime.inspector(question.place, serving).artifacts()
        artifact = next((one for one in artifacts if one.service == service), None)
        return artifact_said(question, serving, artifact, configured) if artifact is not None else None
    except (InconclusiveError, CommandError, OSError) as error:
        if isinstance(error.__cause__, OutOfTimeError):
            raise
        return None


def fails_for_certain(trouble: Trouble) -> bool:
    """Whether an error of a revision's own code, met while its SQL was only written, would stop the upgrade as well.

    Offline there are no rows, so that what a revision does with them may fail there alone.
    """
    is_unnamed = bool(set(trouble.kinds) & _CERTAIN) and trouble.type != "UnboundLocalError"
    return is_unnamed or trouble.message.startswith("module 'alembic.op' has no attribute")


def is_certain(trouble: Trouble) -> bool:
    """Whether an error of env.py would stop an upgrade as well; not every one is made for being run without a database.

    What breaks while a module is imported breaks whoever imports it, where nothing around it is lacking.
    """
    kinds = set(trouble.kinds)
    if trouble.migrating or kinds & (_SURROUNDINGS | _AROUND):
        return False
    return bool(kinds & _CERTAIN) or trouble.importing
