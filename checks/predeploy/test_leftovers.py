"""Whether a debugger was left in what serves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from gonogo.checks.predeploy.artifacts import contained, entries
from gonogo.checks.predeploy.debugging import require_tier
from gonogo.checks.predeploy.env_files import other_files
from gonogo.checks.predeploy.started import given_to_all
from gonogo.config import Environment, Project
from gonogo.inspection.code import presence
from gonogo.inspection.code.beside import is_beside
from gonogo.inspection.code.chatter import Said, is_sent, logged, printed
from gonogo.inspection.code.dockerignore import ignore
from gonogo.inspection.code.leftovers import leftovers, reached
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected
from gonogo.plugins.source import Source
from gonogo.words import Tier

__all__: list[str] = []

_OFF = "PYTHONBREAKPOINT"
_FILES = 5


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
    without a known entry point, it warns. Tests, scripts and tools are left alone. It warns as well, once for a file,
    of `print("DEBUG…")` in those modules, and of `console.log(…)` in templates and static files that the team wrote.

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
    said = [one for path, text in texts.items() for one in printed(path, text)]
    begin = entries(source, environment)
    if (found or said) and begin:
        paths = reached(begin, texts)
        found = [one for one in found if one.path in paths]
        said = [one for one in said if one.path in paths]
    said += [one for path, text in _sent(source, is_other) for one in logged(path, text)]
    if found or said:
        is_inside = contained(source, environment, request)
        found = [one for one in found if is_inside(one.path)]
        said = [one for one in said if is_inside(one.path)]
    _tell_of(said, evidence)
    evidence.table(f"Debuggers in {len(texts)} sources, where an entry point leads", map(str, found))
    off = bool(found) and _is_off(environment, source, context, request)
    stops = [one for one in found if one.is_bare and not (off and one.what == "breakpoint()")]
    red = [str(one) for one in stops if begin and environment.tier is Tier.PROD]
    for one in found:
        if str(one) not in red:
            evidence.advise(f"found {one}, expected no debugger in tier {environment.tier}")
    assert not red, f"found {presence.first(red)}; expected no debugger in what serves"


def _sent(source: Source, is_other: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """The templates and static files that the team may have written itself, with their texts."""
    for path in source.tracked:
        if is_sent(path) and not (is_beside(path) or is_other(path)) and not (source.root / path).is_symlink():
            yield path, source.text(path)


def _tell_of(said: Sequence[Said], evidence: Collected) -> None:
    """Advises of what was left in files, a line for each of the first ones; all lines are evidence."""
    by_file = {(one.path, one.what): None for one in said}
    rows = [(f"{one.path}:{one.line}", one.what) for one in said]
    if rows:
        evidence.table("Printed while somebody looked for a mistake", rows)
    for path, what in list(by_file)[:_FILES]:
        evidence.advise(f"found {what} in {path}, expected that nobody needs it any more once it is deployed")
    if len(by_file) > _FILES:
        evidence.advise("found the like in more files, which the evidence lists")


def _is_off(environment: Environment, source: Source, context: Context, request: pytest.FixtureRequest) -> bool:
    """Whether something says that ``breakpoint()`` does nothing, or calls another function."""
    _, others = other_files(environment, source, context)
    given = (context.variables, *others.values(), *given_to_all(environment, request))
    dockerfiles = (source.text(path) for path in source.tracked if "dockerfile" in path.rpartition("/")[2].lower())
    return any(_OFF in values for values in given) or any(_OFF in text for text in dockerfiles)
