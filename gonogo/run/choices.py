"""What a person may choose where a run holds, its migrations being forward-only, and what each choice loses."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

from gonogo.errors import GonogoError
from gonogo.run.moves.downgrade import choice
from gonogo.run.work import Work
from gonogo.runtimes.place import maker

__all__ = ["choices", "still_serves"]


def choices(work: Work, begun: str, *, touched: datetime | None, replaced: bool) -> tuple[str, ...]:
    """One sentence for each; figures are estimates.

    Args:
        work: the run.
        begun: how far the migrations are.
        touched: when the run first touched its target.
        replaced: whether the red release serves.
    """
    name, old = work.place.environment.name, work.serving
    since = touched or datetime.now(UTC)
    stays = "the red release stays" if replaced else f"{old.short if old else 'the old one'} serves"
    return (
        f"The migrations are forward-only and {begun}, so nothing was turned back. A person chooses:",
        f"mend forward (commit the mend, `gonogo deploy --env {name} --hotfix`): loses no data; until then {stays}.",
        f"`gonogo rollback --env {name}`: deletes no data, but {old.short if old else 'the previous release'} "
        "meets a schema that it may refuse or misread; the line data says why.",
        choice(work),
        _with_data(work, since),
    )


def still_serves(work: Work) -> bool:
    """Whether the start failed before it replaced anything: all that runs is still the previous release's."""
    old = work.serving
    if old is None:
        return False
    with contextlib.suppress(GonogoError, OSError):
        runtime, place = maker(work.runtime, work.place, old)
        instances = runtime.inspector(place, old).instances(health=False)
        running = [one for one in instances if not one.one_shot]
        return bool(running) and all(one.status == "running" and one.is_of(old) for one in running)
    return False


def _with_data(work: Work, since: datetime) -> str:
    """Back with a backup: the run's own, or one of the team's."""
    name = work.place.environment.name
    made = None
    if work.release.backup is not None:
        try:
            made = work.shelf.load(work.release.backup)
        except (GonogoError, OSError):
            made = None
    begin = made.made if made is not None and made.parts else since
    spent = (datetime.now(UTC) - begin).total_seconds()
    lost = f"loses what was written since (estimate: the writes of {spent:.0f} s so far)"
    if made is None or not made.parts:
        return f"your own backup from before {since:%H:%M:%S} UTC: {lost}."
    return (
        f"`gonogo rollback --env {name} --restore-data`, with the backup {made.id} of {begin:%H:%M:%S} UTC: {lost}; it "
        "asks first, tells what was written table by table, and keeps that aside."
    )
