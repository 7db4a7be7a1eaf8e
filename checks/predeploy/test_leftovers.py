"""Whether a debugger was left in what serves."""

from __future__ import annotations

import pytest

from gonogo.checks.predeploy.artifacts import contained, entries
from gonogo.checks.predeploy.debugging import require_tier
from gonogo.checks.predeploy.env_files import other_files
from gonogo.checks.predeploy.started import given_to_all
from gonogo.config import Environment, Project
from gonogo.inspection.code import presence
from gonogo.inspection.code.beside import is_beside
from gonogo.inspection.code.dockerignore import ignore
from gonogo.inspection.code.leftovers import leftovers, reached
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected
from gonogo.plugins.source import Source
from gonogo.words import Tier

__all__: list[str] = []

_OFF = "PYTHONBREAKPOINT"


@pytest.mark.predeploy(
    "P07",
    in_prod="red",
    needs=("a tier that is not dev",),
    reads=("service.entrypoint", "tier"),
    remedy="Take the named lines out and commit; what is left: git grep -nE 'breakpoint\\(|set_trace\\('",
)
def test_no_debugger_is_left_in_the_source(
    project: Project,
    environment: Environment,
    source: Source,
    context: Context,
    request: pytest.FixtureRequest,
    evidence: Collected,
) -> None:
    """No module that the entry points import stops in a debugger.

    Catches the `breakpoint()` of yesterday's search: the first request that comes by ends in an error, or waits for a
    person for ever. Red in tier prod where an entry point leads there; under a condition that speaks of debugging, and
    without a known entry point, it warns. Tests, scripts and tools are left alone.

    Before (app/orders.py):

        def total(order):
            breakpoint()
            return sum(order.prices)

    After (app/orders.py):

        def total(order):
            return sum(order.prices)
    """
    require_tier(environment)
    is_other = ignore("\n".join(project.app.not_source))
    texts = {path: text for path, text in source.texts(".py").items() if not (is_beside(path) or is_other(path))}
    found = [one for path, text in texts.items() for one in leftovers(path, text)]
    begin = entries(source, environment)
    if found and begin:
        paths = reached(begin, texts)
        found = [one for one in found if one.path in paths]
    if found:
        is_inside = contained(source, environment, request)
        found = [one for one in found if is_inside(one.path)]
    evidence.table(f"Debuggers in {len(texts)} sources, where an entry point leads", map(str, found))
    off = bool(found) and _is_off(environment, source, context, request)
    stops = [one for one in found if one.is_bare and not (off and one.what == "breakpoint()")]
    red = [str(one) for one in stops if begin and environment.tier is Tier.PROD]
    for one in found:
        if str(one) not in red:
            evidence.advise(f"found {one}, expected no debugger in tier {environment.tier}")
    assert not red, f"found {presence.first(red)}; expected no debugger in what serves"


def _is_off(environment: Environment, source: Source, context: Context, request: pytest.FixtureRequest) -> bool:
    """Whether something says that ``breakpoint()`` does nothing, or calls another function."""
    _, others = other_files(environment, source, context)
    given = (context.variables, *others.values(), *given_to_all(environment, request))
    dockerfiles = (source.text(path) for path in source.tracked if "dockerfile" in path.rpartition("/")[2].lower())
    return any(_OFF in values for values in given) or any(_OFF in text for text in dockerfiles)
