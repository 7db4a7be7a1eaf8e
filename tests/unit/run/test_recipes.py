"""gonogo.run.recipes: reading a recipe is reading the runbook."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import Mock

import pytest

from gonogo.config import Environment, parse_project
from gonogo.config.strategies import STRATEGIES
from gonogo.errors import ConfigError, UsageError
from gonogo.run.gate_step import Gate
from gonogo.run.moves.team import TeamMove
from gonogo.run.moves.turns import Leave
from gonogo.run.recipes import deploy_recipe
from gonogo.run.strategies import strategy_of
from gonogo.run.strategies.base import VERIFY, Step
from gonogo.state.progress import Begun, Progress
from gonogo.state.release import Release

TURNS = """\
strategy = "bluegreen"
traffic = { kind = "nginx", service = "nginx", folder = "up", upstreams = { web = "api:80"MORE } }
"""


def environment(steps: str = "") -> Environment:
    """An environment with these team steps."""
    text = f'[app]\nname = "a"\n[env.x]\nproject = "a"\n{steps}'
    return parse_project(text, root=Path("/srv")).environments["x"]


def step(name: str, where: str, move: str) -> str:
    """One team step."""
    return f'[[env.x.step]]\nname = "{name}"\n{where} = "{move}"\nrun = "true"\nundo = "true"\n'


RELEASE = Release(
    id="r", commit="c" * 40, env="x", runtime="process", created=datetime.now(UTC), folder=Path("/r"), root=Path("/r/s")
)


def names(steps: object) -> list[str]:
    """The names of steps."""
    return [found.name for found in steps]  # type: ignore[attr-defined]


def staying(steps: Iterable[Step]) -> list[Step]:
    """Steps without those that only let another release go."""
    return [found for found in steps if not isinstance(found, Leave)]


def so_far(begun: list[str], ended: list[str]) -> Progress:
    """These moves have begun, and these steps went well to their end."""
    return Progress((Begun(step=name, replaces=name == "start", migrates=name == "migrate") for name in begun), ended)


def test_deploy_asks_before_it_touches() -> None:
    """The first touch is the first move that changes what serves."""
    recipe = deploy_recipe(environment(), first=False)

    assert names(recipe.steps) == [
        "checkout",
        "baseline",
        "predeploy",
        "logs",
        "build",
        "build gate",
        "ladder",
        "backup",
        "migrate",
        "start",
        "postdeploy",
        "watch",
    ]
    assert recipe.first_touch == 8


def test_a_release_takes_its_turn_once_it_was_asked_itself() -> None:
    """It is started beside what serves, asked past the proxy, and only then are requests sent to it."""
    recipe = deploy_recipe(environment(TURNS.replace("MORE", "")), first=False)

    assert names(recipe.steps)[-7:] == [
        "migrate",
        "start-beside",
        "beside",
        "switch",
        "postdeploy",
        "watch",
        "retire",
    ]
    assert names(recipe.steps[recipe.first_touch :])[0] == "migrate"


def test_a_release_gets_its_requests_in_shares_where_it_is_asked_for() -> None:
    """Each share is watched before the next; there is nobody to share them with in a first deployment."""
    text = TURNS.replace("MORE", "") + 'canary = { steps = [10, 50], for = "1m" }\n'
    recipe, first = (deploy_recipe(environment(text), first=is_first) for is_first in (False, True))

    assert names(recipe.steps)[-10:-3] == [
        "start-beside",
        "beside",
        "share-10",
        "canary-10",
        "share-50",
        "canary-50",
        "switch",
    ]
    assert not {*names(first.steps)} & {"share-10", "canary-10"}
    with pytest.raises(UsageError, match="share-10"):
        deploy_recipe(environment(text + step("share-10", "before", "switch")), first=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("canary = { steps = [10] }\n", "canary: found strategy recreate, expected bluegreen"),
        ('keep_blue = "1h"\n', "keep_blue: found strategy recreate, expected bluegreen"),
        (TURNS.replace("MORE", "") + "canary = { steps = [50, 10] }\n", "shares in a hundred that grow"),
        (TURNS.replace("MORE", "") + "canary = { steps = [100] }\n", "less than or equal to 99"),
        (
            'strategy = "bluegreen"\ntraffic = { kind = "command", reload = "x {web}", show = "y", '
            'upstreams = { web = "api:80" } }\ncanary = { steps = [10] }\n',
            "found no {weight} in traffic.reload",
        ),
    ],
)
def test_shares_that_cannot_be_are_refused(text: str, expected: str) -> None:
    """Before anything is touched, with what to write."""
    with pytest.raises(ConfigError, match=expected):
        environment(text)


def test_a_share_that_was_cut_off_is_taken_back_and_a_watched_one_goes_on() -> None:
    """A move that was cut off half-way goes back; a watch of a share is asked again, and what comes after it is done."""
    text = TURNS.replace("MORE", "") + 'canary = { steps = [10, 50], for = "1m" }\n'
    recipe = deploy_recipe(environment(text), first=False)
    moves = ["checkout", "build", "migrate", "start-beside", "share-10"]
    begun = [Begun(step=name, replaces=name == "share-10") for name in moves]
    rest = recipe.remaining(Progress(begun, moves))

    assert recipe.remaining(Progress(begun, moves[:-1])) is None
    assert rest is not None
    assert names(rest)[:3] == ["canary-10", "share-50", "canary-50"]


def test_nobody_is_asked_past_the_proxy_where_pages_are_of_several_services() -> None:
    """Which of two upstreams a page is of, only the proxy knows; in a first deployment nobody is hurt by a switch."""
    two = deploy_recipe(environment(TURNS.replace("MORE", ', page = "web:80"')), first=False)
    first = deploy_recipe(environment(TURNS.replace("MORE", "")), first=True)

    assert "beside" not in names(two.steps)
    assert names(first.steps)[-4:] == ["start-beside", "switch", "postdeploy", "watch"]


def test_who_is_sent_where_decides_how_a_turn_is_taken_back() -> None:
    """Before the switch the new release only leaves; after it requests are sent back first."""
    strategy = strategy_of("bluegreen")

    assert names(strategy.rollback(RELEASE, to=RELEASE, replaced=False)) == ["verify", "leave"]
    assert names(strategy.rollback(RELEASE, to=RELEASE, replaced=True)) == ["restore", "verify", "leave"]


@pytest.mark.parametrize("replaced", [False, True])
def test_nobody_is_waited_for_who_was_never_sent_there(*, replaced: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A release that never had its turn is stopped at once; one that had it has its last requests."""
    runtime = Mock()
    runtime.leaving.return_value = ()
    monkeypatch.setattr("gonogo.run.moves.turns.maker", lambda *_: (runtime, None))
    leave = strategy_of("bluegreen").rollback(RELEASE, to=RELEASE, replaced=replaced)[-1]
    assert isinstance(leave, Leave)
    leave.describe(Mock(release=RELEASE, serving=RELEASE))

    assert [one.kwargs["served"] for one in runtime.leaving.call_args_list] == [replaced]


def test_a_turn_that_was_cut_off_while_the_other_left_is_completed() -> None:
    """What serves is not touched by that; a switch that was cut off is taken back."""
    recipe = deploy_recipe(environment(TURNS.replace("MORE", "")), first=False)
    moves = ["checkout", "build", "migrate", "start-beside", "switch"]

    def progress(begun: list[str], ended: list[str]) -> Progress:
        return Progress((Begun(step=name, replaces=name == "switch") for name in begun), ended)

    for ended in (moves, [*moves, "retire"]):  # seen: with nothing left to ask, a release that was GO was taken back
        rest = recipe.remaining(progress([*moves, "retire"], ended))

        assert rest is not None
        assert names(rest) == ["postdeploy", "watch", "retire"]
    assert recipe.remaining(progress(moves, moves[:-1])) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("", 60), ('tier = "prod"\n', 300), ('tier = "dev"\n', 0), ('tier = "dev"\nwatch = { for = "2s" }\n', 2)],
)
def test_a_release_is_watched_as_long_as_its_tier_asks_for(text: str, seconds: float) -> None:
    """Or as long as somebody wrote; for no time at all is no step."""
    found = environment(text)

    assert found.watched_for == seconds
    assert ("watch" in names(deploy_recipe(found, first=True).steps)) is bool(seconds)


@pytest.mark.parametrize(
    ("text", "first", "expected"),
    [
        ("", False, True),
        ("", True, False),
        ('tier = "dev"\n', False, False),
        ('tier = "dev"\n[env.x.backup]\n', False, True),
        ("[env.x.backup]\n", True, True),
        ("[env.x.backup]\noff = true\n", False, False),
        (step("nightly-dump", "before", "migrate"), False, False),
        (step("backup", "before", "migrate"), False, False),
    ],
)
def test_backup_is_taken_where_it_is_wanted(text: str, first: bool, expected: bool) -> None:  # noqa: FBT001
    """Unasked outside dev, of what serves, and where the team has no step for it; asked in any case."""
    recipe = deploy_recipe(environment(text), first=first)

    assert ("backup" in {found.name for found in recipe.steps if not isinstance(found, TeamMove)}) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", False),
        ('tier = "prod"\n', True),
        ('tier = "prod"\n[env.x.backup]\nprove = false\n', False),
        ('tier = "prod"\n[env.x.backup]\noff = true\n', False),
        ("[env.x.backup]\nprove = true\n", True),
    ],
)
def test_backup_is_proven_in_prod_or_where_that_is_asked_for(text: str, expected: bool) -> None:  # noqa: FBT001
    """Right after it was taken, and before anything is touched."""
    recipe = deploy_recipe(environment(text), first=False)

    found = names(recipe.steps)
    assert ("proof" in found) is expected
    assert not expected or found[found.index("backup") + 1 : found.index("migrate")] == ["proof", "rehearsal"]


def test_what_is_left_of_a_started_deployment_is_asked_again() -> None:
    """Gates after the last move that ended, and the team's steps that had not begun."""
    recipe = deploy_recipe(environment(step("warm", "after", "start")), first=False)
    done = ["checkout", "build", "migrate", "start"]

    assert names(recipe.remaining(so_far(done, done))) == ["warm", "postdeploy", "watch"]
    assert names(recipe.remaining(so_far([*done, "warm"], [*done, "warm", "postdeploy"]))) == ["postdeploy", "watch"]


@pytest.mark.parametrize("begun", [["migrate"], ["migrate", "start"], ["migrate", "start", "warm"]])
def test_deployment_with_a_half_made_move_has_no_rest(begun: list[str]) -> None:
    """A move that began and did not end, or a start that was not reached, cannot be gone on from."""
    recipe = deploy_recipe(environment(step("warm", "after", "start")), first=False)

    assert recipe.remaining(so_far(begun, begun[:-1])) is None
    assert recipe.remaining(so_far(["migrate"], ["migrate"])) is None


def test_first_deploy_has_no_baseline_and_no_logs_to_save() -> None:
    """Nothing serves that could be asked."""
    assert {"baseline", "logs"} & set(names(deploy_recipe(environment(), first=True).steps)) == set()


def test_team_steps_stand_where_they_were_configured_and_are_touches() -> None:
    """A step before the build moves the first touch to the front of it."""
    recipe = deploy_recipe(environment(step("a", "before", "build") + step("b", "after", "start")), first=True)

    assert names(recipe.steps)[2:] == [
        "a",
        "build",
        "build gate",
        "ladder",
        "migrate",
        "start",
        "b",
        "postdeploy",
        "watch",
    ]
    assert recipe.first_touch == 2


def test_step_at_a_move_that_does_not_exist_is_refused() -> None:
    """The message lists the moves."""
    with pytest.raises(UsageError) as caught:
        deploy_recipe(environment(step("a", "before", "bild")), first=True)

    assert str(caught.value) == (
        'env.x.step "a": found "bild", expected one of the moves checkout, logs, build, migrate, start.'
    )


def test_way_back_undoes_restores_and_verifies() -> None:
    """What never began is not taken back; a release that never stopped is only verified."""
    team = environment(step("a", "before", "start")).step

    recipe = deploy_recipe(environment(), first=False)

    assert names(recipe.rollback(RELEASE, to=RELEASE, undo=team, replaced=True)) == ["undo a", "restore", "verify"]
    assert names(recipe.rollback(RELEASE, to=RELEASE, undo=(), replaced=False)) == ["verify"]
    assert names(recipe.rollback(RELEASE, to=None, undo=team, replaced=True)) == ["undo a", "stop"]


def test_strategy_that_there_is_not_is_refused_where_the_file_is_read() -> None:
    """The message lists those that there are."""
    with pytest.raises(ConfigError, match=r"env\.x\.strategy: found .teleport., expected: input should be 'recreate'"):
        environment('strategy = "teleport"\n')


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategy_proves_what_it_leaves(name: str) -> None:
    """It ends with a gate, and so does its rollback, but for what lets another release go; no two steps share a name."""
    strategy = strategy_of(name)
    for first in (True, False):
        found = strategy.steps(first=first)
        assert isinstance(staying(found)[-1], Gate)
        assert len(set(names(found))) == len(found)
    for replaced in (True, False):
        assert staying(strategy.rollback(RELEASE, to=RELEASE, replaced=replaced))[-1] is VERIFY
    assert not any(isinstance(step, Gate) for step in strategy.rollback(RELEASE, to=None, replaced=True))


def test_a_migration_that_would_never_run_is_refused() -> None:
    """Seen: another tool's command, passed over as "no migrations configured"; the file itself is read as before."""
    found = environment('[env.x.commands]\nmigrate = "python manage.py migrate"\n')
    with pytest.raises(UsageError, match=r"env\.x\.commands\.migrate: found no service with migrations"):
        deploy_recipe(found, first=False)


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        (step("start", "after", "build"), "found a name of gonogo's own"),
        (step("postdeploy", "after", "build"), "found a name of gonogo's own"),
        (step("a", "before", "start") + step("a", "after", "start"), "found 2 steps of this name"),
    ],
)
def test_step_that_is_called_as_another_is_refused(steps: str, found: str) -> None:
    """Seen: a team's step "start"; recovery took it for the move and restarted what served after a red build gate."""
    with pytest.raises(UsageError, match=found):
        deploy_recipe(environment(steps), first=True)
