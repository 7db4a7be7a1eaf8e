"""P07 on real repositories: a debugger by tier, and where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gonogo.words import Outcome

if TYPE_CHECKING:
    from tests.support.gates import Gates, Repository

__all__: list[str] = []

ASKED = ("-m", "predeploy", "-k", "no_debugger_is_left")
STOPS = "def view():\n    breakpoint()\n"


def toml(text: str, tier: str, *, entry: str = 'entrypoint = "app.main:app"\n') -> str:
    """A gonogo.toml of this tier, with an entry point and an env file."""
    named = text.replace('"dev"', f'"{tier}"').replace("[service.web]\n", f"[service.web]\n{entry}")
    return named + 'env_file = ".env"\n'


@pytest.mark.parametrize(
    ("tier", "outcome", "found"),
    [
        ("prod", Outcome.FAILED, "found app/views.py:2: breakpoint(); expected no debugger in what serves"),
        ("staging", Outcome.WARNED, "found app/views.py:2: breakpoint(), expected no debugger in tier staging"),
        ("dev", Outcome.SKIPPED, "tier dev: a debug mode is nobody's mistake there"),
    ],
)
def test_reachable_breakpoint_is_red_in_prod(
    repository: Repository, gate: Gates, tier: str, outcome: Outcome, found: str
) -> None:
    """P07 names the line of a module that the entry point imports."""
    root = repository(
        {
            "gonogo.toml": toml(repository.process, tier),
            "app/main.py": "from app import views\n",
            "app/views.py": STOPS,
        }
    )
    check = gate(root, *ASKED).only()

    assert (check.outcome, check.found) == (outcome, found)


def test_harmless_breakpoints_pass(repository: Repository, gate: Gates) -> None:
    """P07 is green on tests, tools, what nothing imports, comments and strings."""
    root = repository(
        {
            "gonogo.toml": toml(repository.process, "prod"),
            "app/main.py": "# breakpoint()\nHELP = 'call breakpoint()'\n",
            "app/unused.py": STOPS,
            "tests/test_it.py": STOPS,
            "scripts/look.py": STOPS,
        }
    )
    check = gate(root, *ASKED).only()

    assert (check.outcome, check.advice) == (Outcome.PASSED, ())


def test_what_is_not_sure_warns(repository: Repository, gate: Gates) -> None:
    """P07 only advises without an entry point, under a condition, and where PYTHONBREAKPOINT says otherwise."""
    files = {"app/main.py": STOPS, ".env": "A=1\n"}
    unknown = repository({"gonogo.toml": toml(repository.process, "prod", entry=""), **files}, name="unknown")
    off = repository({"gonogo.toml": toml(repository.process, "prod"), **files}, name="off")
    repository.write(off, {".env": "PYTHONBREAKPOINT=0\n"})
    advice = ("found app/main.py:2: breakpoint(), expected no debugger in tier prod",)

    assert gate(unknown, *ASKED).only().advice == advice
    check = gate(off, *ASKED).only()
    assert (check.outcome, check.advice) == (Outcome.WARNED, advice)


def test_what_was_printed_while_looking_for_a_mistake_warns_once_a_file(repository: Repository, gate: Gates) -> None:
    """P07 names the module, the template and the static file; each line is evidence, and nothing of it is red."""
    root = repository(
        {
            "gonogo.toml": toml(repository.process, "prod"),
            "app/main.py": "from app import views\n",
            "app/views.py": 'def view():\n    print("DEBUG", 1)\n    print("DEBUG", 2)\n',
            "app/unused.py": 'print("DEBUG")\n',
            "app/templates/cart.html": "<script>\nconsole.log(1)\n</script>\n",
            "app/static/cart.js": "console.log(1)\n",
            "app/static/vendor/cart.js": "console.log(1)\n",
            "tests/static/cart.js": "console.log(1)\n",
        }
    )
    check = gate(root, *ASKED).only()
    rows = next(one.value for one in check.evidence if one.title.startswith("Printed"))
    left = "expected that nobody needs it any more once it is deployed"

    assert check.outcome is Outcome.WARNED
    assert check.advice == (
        f'found print("DEBUG…") in app/views.py, {left}',
        f"found console.log(…) in app/static/cart.js, {left}",
        f"found console.log(…) in app/templates/cart.html, {left}",
    )
    assert [row[0] for row in rows[1:]] == [
        "app/views.py:2",
        "app/views.py:3",
        "app/static/cart.js:1",
        "app/templates/cart.html:2",
    ]


def test_of_many_files_the_first_are_named(repository: Repository, gate: Gates) -> None:
    """Five, and one line for the others: what a list says does not change with how many they are."""
    scripts = {f"static/{number}.js": "console.log(1)\n" for number in range(9)}
    root = repository({"gonogo.toml": toml(repository.process, "prod"), "app/main.py": "", **scripts})
    check = gate(root, *ASKED).only()

    assert len(check.advice) == 6
    assert check.advice[-1] == "found the like in more files, which the evidence lists"
