"""Which sites' pages may read an endpoint's answer, as browsers decide it."""

from __future__ import annotations

from gonogo.checks.postdeploy.requested import requested
from gonogo.config import Endpoint
from gonogo.inspection.answers.protection import ELSEWHERE, read_from
from gonogo.plugins.limits import Limits
from gonogo.runtimes.base import Place

__all__ = ["wrong_origins"]


def wrong_origins(endpoint: Endpoint, url: str, place: Place, limits: Limits) -> list[str]:
    """What is other than ``origins`` says: the endpoint is asked as from each of them, and as from one more site.

    Raises:
        InconclusiveError: the request names a variable that is not set.
    """
    found = []
    for origin in (*(one for one in endpoint.origins if one != "*"), ELSEWHERE):
        asked = endpoint.model_copy(update={"send": {**endpoint.send, "Origin": origin}})
        headers = requested(asked, url, place, limits).headers
        allowed, may = (
            headers.get("access-control-allow-origin", "none"),
            origin != ELSEWHERE or "*" in endpoint.origins,
        )
        if read_from(origin, headers) is not may:
            who = "of any other site" if origin == ELSEWHERE and not may else f"of {origin}"
            wanted = f"{origin} or *" if may else "none"
            found.append(f"Access-Control-Allow-Origin for a page {who}: found {allowed}, expected {wanted}")
    return found
