"""A migration tool asked in an artifact, once for all checks; and which of its errors are the release's fault."""

from __future__ import annotations

from gonogo.checks.build.probing import needs_python
from gonogo.config import Service
from gonogo.errors import CommandError, OutOfTimeError
from gonogo.migrations import tool_of
from gonogo.migrations.question import Said, Trouble, ask
from gonogo.plugins.evidence import InconclusiveError
from gonogo.plugins.fixtures import Asking
from gonogo.runtimes.base import Artifact
from gonogo.state.release import Release

__all__ = ["artifact_said", "is_certain", "serving_said"]

_SAID: dict[tuple[str, str], Said] = {}
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


def is_certain(trouble: Trouble) -> bool:
    """Whether an error of env.py would stop an upgrade as well; not every one is made for being run without a database.

    What breaks while a module is imported breaks whoever imports it, where nothing around it is lacking.
    """
    kinds = set(trouble.kinds)
    if trouble.migrating or kinds & (_SURROUNDINGS | _AROUND):
        return False
    return bool(kinds & _CERTAIN) or trouble.importing
