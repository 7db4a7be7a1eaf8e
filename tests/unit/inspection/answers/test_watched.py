"""What lasts or comes again ends a watch; one bad moment does not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection.answers.watched import Spells, Trouble, Troubles, climb

__all__: list[str] = []

MIB = 1 << 20


def every_second(wrong: set[int], *, seconds: int = 300) -> Trouble:
    """A request a second; those of these seconds went wrong."""
    return Trouble.of_all(0.05, ((float(at), at in wrong) for at in range(seconds)))


def test_a_moment_without_an_answer_is_no_red() -> None:
    """Ten seconds in which nobody answers: the network, a backup, a neighbour."""
    assert not every_second(set(range(100, 110))).is_red


def test_what_lasts_is_red() -> None:
    """Nobody answers any more."""
    trouble = every_second(set(range(100, 120)), seconds=120)

    assert trouble.is_red
    assert trouble.longest >= 15


def test_what_comes_again_is_red() -> None:
    """Every fifth request fails, never two in a row."""
    assert every_second(set(range(0, 300, 5))).is_red


def test_errors_in_one_route_are_red_however_many_others_are_asked() -> None:
    """Among all they are fewer than may be; a third of those to that route is not. Which it is, is said."""
    troubles = Troubles(0.05, watched=300.0, things=("GET /healthz", "GET /a", "GET /b"))
    for at in range(300):
        troubles.note("GET /healthz", at=float(at), wrong=False)
        if at % 10 == 0:
            troubles.note("GET /a", at=float(at), wrong=at % 30 == 0)
            troubles.note("GET /b", at=float(at), wrong=False)

    assert troubles.red == "GET /a"


def test_errors_of_everything_are_of_no_route() -> None:
    """Where a few of each go wrong, all together say it."""
    things = tuple(f"GET /{number}" for number in range(20))
    troubles = Troubles(0.05, watched=300.0, things=things)
    for at in range(300):
        troubles.note(things[at % 20], at=float(at), wrong=at % 6 == 0)

    assert troubles.red == ""


def test_few_errors_are_no_red() -> None:
    """One in forty is below the share that is allowed."""
    assert not every_second(set(range(0, 300, 40))).is_red


@given(st.sets(st.integers(0, 299), max_size=3))
def test_three_errors_in_five_minutes_are_never_red(wrong: set[int]) -> None:
    """Wherever they lie, but for the first seconds: there three of three are all that is known."""
    assert not every_second(wrong).is_red or max(wrong) < 15


def test_a_spell_ends_with_the_look_that_finds_it_well() -> None:
    """It was unwell until then."""
    spells = Spells()
    for at, said in [(0.0, ""), (2.0, "503"), (4.0, "503"), (9.0, ""), (11.0, "")]:
        spells.note("GET /healthz", at=at, said=said)

    (found,) = spells.longer_than(6.0)

    assert (found.begin, found.until, found.seconds, found.said) == (2.0, 9.0, 7.0, "503")
    assert spells.open == ()
    assert spells.longer_than(7.0) == ()


def test_two_spells_are_not_added_up() -> None:
    """Only what is unwell without a break is long."""
    spells = Spells()
    for at in range(100):
        spells.note("web-1", at=float(at), said="unhealthy" if at % 5 else "")

    assert spells.longer_than(5.0) == ()
    assert [one.thing for one in spells.open] == ["web-1"]


def test_memory_that_climbs_is_told_from_memory_that_settles() -> None:
    """Each third lies above the one before; what jumps once, swings or grows by little does not climb."""
    series = {
        "leaks": [100, 120, 140, 160, 180, 200],
        "settles": [100, 150, 200, 200, 200, 199],
        "swings": [100, 200, 100, 200, 100, 200],
        "grows by little": [1000, 1001, 1002, 1003, 1004, 1005],
        "is short": [100, 200, 300],
    }
    figures = {name: [(15.0 * at, size * MIB) for at, size in enumerate(found)] for name, found in series.items()}

    assert climb(figures) == {"leaks": (100 * MIB, 200 * MIB)}
