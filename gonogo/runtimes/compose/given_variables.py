"""The variables that running containers have, as the Engine says."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from gonogo.host.runner import Command, this_machine
from gonogo.runtimes.base import Place
from gonogo.runtimes.compose.model.beside import own_name
from gonogo.state.release import Release

__all__ = ["variables_in"]

_SECONDS = 60.0


def variables_in(place: Place, release: Release) -> Mapping[str, Sequence[Mapping[str, str]]]:
    """Deployed service → the variables of each of its running containers (secrets!).

    Raises:
        CommandError: the Engine does not say.
    """
    project = f"label=com.docker.compose.project={place.environment.project}"
    listed = ("docker", "ps", "--quiet", "--filter", project, "--filter", "label=com.docker.compose.oneoff=False")
    ids = place.host.run(Command(argv=listed, timeout=_SECONDS)).require().output.split()
    argv = ("docker", "container", "inspect", "--format", "{{json .Config}}", *ids)
    quiet = this_machine()  # what is compared must not be redacted
    said = quiet.run(Command(argv=argv, timeout=_SECONDS), output_limit=None).require().output if ids else ""
    found: dict[str, list[Mapping[str, str]]] = {}
    for one in map(json.loads, said.splitlines()):
        service = own_name(one["Labels"], release.id)
        if service in release.services:
            pairs = (text.partition("=") for text in one["Env"] or ())
            found.setdefault(service, []).append({name: value for name, _, value in pairs})
    return found
