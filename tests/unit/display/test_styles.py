"""gonogo.display: which way a run is shown, and what plain lines, quiet ones and sections of a CI job's log have."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from gonogo.display import style_for
from gonogo.display.live import Live
from gonogo.display.sections import GitHub, GitLab, tamed
from gonogo.display.style import Quiet, Style
from gonogo.display.view import View
from gonogo.gates.how_far import Asking, write_asking
from gonogo.host.runner import Command
from gonogo.records.terminal import step_line
from gonogo.words import Outcome, Role
from tests.unit.display.test_view import Clock, begun
from tests.unit.records.samples import a_check, a_gate, a_step, the_reverted_run


class Stream(io.StringIO):
    """A stream that may be a terminal."""

    def __init__(self, *, terminal: bool) -> None:
        """Say which."""
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        """Say so."""
        return self._terminal


@pytest.mark.parametrize(
    ("environ", "terminal", "style"),
    [
        ({"TERM": "xterm"}, True, Live),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, Live),
        ({"TERM": "xterm"}, False, Style),
        ({"TERM": "dumb"}, True, Style),
        ({}, True, Style),
        ({"TERM": "xterm", "CI": "true"}, True, Style),
        ({"CI": "true", "GITHUB_ACTIONS": "true"}, False, GitHub),
        ({"CI": "true", "GITLAB_CI": "true"}, False, GitLab),
    ],
)
def test_the_place_decides(environ: dict[str, str], terminal: bool, style: type[Style]) -> None:  # noqa: FBT001
    """A terminal that can is live; a CI job has sections where its log knows them; anything else is plain lines."""
    assert type(style_for(Stream(terminal=terminal), environ, quiet=False)) is style
    assert type(style_for(Stream(terminal=terminal), environ, quiet=True)) is Quiet


def test_no_stream_is_plain() -> None:
    """Standard error was closed before the start, or since."""
    closed = Stream(terminal=True)
    closed.close()

    assert [type(style_for(one, {"TERM": "xterm"}, quiet=False)) for one in (None, closed)] == [Style, Style]


def shown(style: Style, **options: Any) -> list[str]:
    """What is shown of a run that was turned back, but for the ending."""
    lines = style.header(begun())
    for step in the_reverted_run(**options).steps:
        lines += [*style.begin(step.name), *style.end(step)]
    return [*lines, *style.close()]


def test_plain_lines_are_one_a_step() -> None:
    """A header, then each step when it ended."""
    assert shown(Style()) == [
        "gonogo  shop aaaaaaa → test (nothing serves yet)",
        *map(step_line, the_reverted_run().steps),
    ]


def test_quiet_is_the_ending() -> None:
    """No header, no step."""
    assert shown(Quiet()) == []
    assert Quiet().ending(["GO"]) == ["GO"]


def test_groups_of_github_are_folded_and_the_steps_stand_outside() -> None:
    """Every group is closed before its step's line, so that what is red is seen; the checks are inside."""
    lines = shown(GitHub())
    outside: list[str] = []
    inside: list[str] = []
    opened = ""
    for line in lines:
        if line.startswith("::group::"):
            assert not opened
            opened = line
        elif line == "::endgroup::":
            opened = ""
        else:
            (inside if opened else outside).append(line)

    assert not opened
    assert outside == shown(Style())
    assert "  failed       D07  " in "\n".join(inside)


def test_sections_of_gitlab_have_a_name_that_is_one() -> None:
    """The markers that GitLab documents; start and end agree."""
    style = GitLab()
    opened, closed = style.begin("build gate")[0], style.close()[0]

    assert opened.startswith("\x1b[0Ksection_start:")
    assert opened.endswith(":gonogo_build_gate[collapsed=true]\r\x1b[0Kbuild gate")
    assert closed.startswith("\x1b[0Ksection_end:")
    assert closed.endswith(":gonogo_build_gate\r\x1b[0K")


def test_group_that_is_left_open_ends_before_the_next_and_before_the_ending() -> None:
    """A step that raised leaves no line of its own; the ending is not folded away with it."""
    style = GitHub()

    assert style.begin("build") == ["::group::build"]
    assert style.begin("restore") == ["::endgroup::", "::group::restore"]
    assert style.close() == ["::endgroup::"]
    assert style.close() == []


def test_words_of_others_are_no_commands_of_github() -> None:
    """Neither at the start of a line nor in the old form; elsewhere they stay as they are."""
    text = "found ::error:: in\n  ::add-mask::x\n##[error]boom"

    assert tamed(text, {"GITHUB_ACTIONS": "true"}) == "found ::error:: in\n  : :add-mask::x\n## [error]boom"
    assert tamed(text, {}) == text
    step = a_step("x", kind="gate", gate=a_gate(checks=(a_check(found="##[add-mask]x", outcome=Outcome.FAILED),)))
    assert "##[" not in "\n".join(GitHub().end(step))


def painted(style: Style, view: View, *lines: str) -> list[str]:
    """What is written in one round."""
    return style.paint(lines, view, last=False).splitlines()


def test_sign_of_life_of_a_move(tmp_path: Path) -> None:
    """A command that takes its time is named once; every ten seconds its last line and its time."""
    clock = Clock()
    view, style = View(clock), GitHub()
    view.open(begun({"build": 42.0}))
    view.begin("build", "move")
    seen = []
    with (tmp_path / "out").open("w+b", buffering=0) as out, (tmp_path / "err").open("w+b") as err:
        with view.follow(Command(argv=("make",)), out, err):
            for second in range(23):
                out.write(b"::error::line %d\n" % second)
                seen += [(second, line) for line in painted(style, view)]
                clock.now += 1
        view.tidy()
    view.end()

    assert seen == [
        (1, "  $ make"),
        (10, "  10 s of about 42 s  ::error::line 10"),
        (20, "  20 s of about 42 s  ::error::line 20"),
    ]
    assert painted(style, view) == []


def test_notes_of_a_gate_come_once(tmp_path: Path) -> None:
    """A check that is red is told while the gate goes on."""
    clock = Clock()
    view, style = View(clock), GitHub()
    view.open(begun())
    view.begin("postdeploy", "gate")
    assert view.doing is not None
    view.doing.results = tmp_path / "gate.json"
    seen = []
    for notes in ((), ("NO-GO  D07  503",), ("NO-GO  D07  503", "warning  D15  ##[x]")):
        write_asking(tmp_path / "gate.json", Asking(check="x", noted=notes))
        seen += painted(style, view)

    assert seen == ["  NO-GO  D07  503", "  warning  D15  ## [x]"]
    assert GitHub().end(a_step("postdeploy", kind="gate", gate=a_gate(role=Role.CANDIDATE, checks=()), ok=True))
