"""gonogo.display.view: what goes on now, as lines."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from gonogo.display.view import View
from gonogo.gates.how_far import Asking, write_asking
from gonogo.host.runner import Command
from gonogo.run.screen import Opening
from gonogo.secrets.redactor import Redactor
from gonogo.words import Outcome, Role
from tests.unit.records.samples import a_check, a_gate, a_step


class Clock:
    """Moves when it is told to."""

    now = 100.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


def begun(expected: Mapping[str, float] | Exception | None = None) -> Opening:
    """A run that begins."""

    def history() -> Mapping[str, float]:
        if isinstance(expected, Exception):
            raise expected
        return expected or {}

    return Opening(
        app="shop", env="test", commit="a" * 40, serving=None, redactor=Redactor(["s3cr3t-value"]), expected=history
    )


def test_move_shows_its_command_its_last_line_and_its_time(tmp_path: Path) -> None:
    """Elapsed and, where earlier runs tell it, expected; the whole run below."""
    clock = Clock()
    view = View(clock)
    view.open(begun({"build": 42.4}))
    clock.now += 60
    view.begin("build", "move")
    with (tmp_path / "out").open("w+b", buffering=0) as out, (tmp_path / "err").open("w+b") as err:
        with view.follow(Command(argv=("docker", "compose", "build")), out, err):
            clock.now += 12
            out.write(b"#1 pulling\n#2 token=s3cr3t-value\n")
            lines = view.lines()
        clock.now += 1
        view.tidy()
        after = view.lines()

    assert lines == [
        "build        docker compose build                           12 s of about 42 s",
        "             #2 token=[redacted]",
        "all          72 s",
    ]
    assert after == [
        "build                                                       13 s of about 42 s",
        "all          73 s",
    ]


def test_few_columns_keep_name_and_time() -> None:
    """What runs gives way."""
    view = View(Clock())
    view.open(begun())
    view.begin("build gate", "move")

    assert [view.lines(width)[0] for width in (40, 20)] == [
        "build gate                           0 s",
        "build gate         0 s",
    ]


def test_step_without_history_has_no_expected_time() -> None:
    """Nothing is made up; history that cannot be read is none."""
    for history in ({}, {"start": 3.0}, {"build": 0.2}, OSError("gone")):
        view = View(Clock())
        view.open(begun(history))
        view.begin("build", "move")

        assert view.lines()[0].endswith("   0 s")


def test_gate_shows_how_far_it_is_and_what_it_notes(tmp_path: Path) -> None:
    """Checks done of all, how many are red, which is asked; the last warnings stand below."""
    view = View(Clock())
    view.open(begun())
    view.begin("postdeploy", "gate")
    assert view.doing is not None
    view.doing.results = tmp_path / "postdeploy.json"
    before = view.lines()
    notes = ("NO-GO  D07  503", *(f"warning  D15  line {number}" for number in range(4)))
    write_asking(
        tmp_path / "postdeploy.json", Asking(check="gonogo/postdeploy/x.py::y", done=7, total=19, red=1, noted=notes)
    )
    lines = view.lines()
    (tmp_path / "postdeploy.instances").write_text("{", encoding="utf-8")

    assert before[0].split() == ["postdeploy", "0", "s"]
    assert lines == [
        "postdeploy   7 of 19 checks, 1 red                               0 s",
        "             gonogo/postdeploy/x.py::y",
        *(f"             warning  D15  line {number}" for number in range(4)),
        "all          0 s",
    ]
    assert view.lines() == lines


def test_what_a_gate_noted_stays_in_sight() -> None:
    """Until the run ends; a red check of the baseline is not this release's."""
    view = View(Clock())
    view.open(begun())
    for name, role in (("baseline", Role.BASELINE), ("predeploy", Role.CANDIDATE)):
        check = a_check(code=name, outcome=Outcome.WARNED, found="3 % of the disk is free")
        view.begin(name, "gate")
        view.end(a_step(name, kind="gate", gate=a_gate(role=role, checks=(check,))))
    view.begin("build", "move")
    line = "             warning  predeploy  3 % of the disk is free"

    assert view.lines()[1:] == [line, "all          0 s"]
    view.end()
    assert view.lines() == [line, "all          0 s"]


def test_commands_are_followed_while_somebody_looks(tmp_path: Path) -> None:
    """A painter that hangs costs no more files than a few; before a run begins there is nothing to follow."""
    view = View(Clock())
    with tempfile.TemporaryFile(dir=tmp_path) as out:
        open_before = len(list(Path("/proc/self/fd").iterdir()))
        with view.follow(Command(argv=("true",)), out, out):
            assert len(list(Path("/proc/self/fd").iterdir())) == open_before
        view.open(begun())
        view.begin("start", "move")
        with ExitStack() as stack:
            for _ in range(100):
                stack.enter_context(view.follow(Command(argv=("true",)), out, out))
        assert len(list(Path("/proc/self/fd").iterdir())) == open_before + 16
        view.tidy()

        assert len(list(Path("/proc/self/fd").iterdir())) == open_before


def test_nothing_goes_on_between_steps() -> None:
    """The run's own time does."""
    view = View(Clock())
    assert view.lines() == []
    view.open(begun())

    assert view.lines() == ["all          0 s"]
