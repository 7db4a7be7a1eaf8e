"""Questions to a host that a script answers there."""

from __future__ import annotations

import json
from typing import Any

from gonogo.errors import RefusedError
from gonogo.inspection.probe_answers import script
from gonogo.remote.connection import Connection

__all__ = ["probed"]


def probed(connection: Connection, what: str, **asked: Any) -> dict[str, Any]:
    """What the host says.

    Raises:
        RefusedError: the script failed there.
    """
    data = script("host_setup.py").encode()
    said = connection.ask("probe", "probed", data, seconds=600.0, what=what, **asked)
    if said.facts["code"]:
        raise RefusedError(f"{connection.address}: {said.facts['errors'].strip().splitlines()[-1]}")
    return dict(json.loads(said.data))
