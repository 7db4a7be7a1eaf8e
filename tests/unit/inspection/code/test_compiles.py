"""Tests of finding sources that do not compile and conflicts that were not resolved."""

import dataclasses
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection.code import compiles
from gonogo.probes import syntax

OURS, MIDDLE, THEIRS = "<" * 7 + " HEAD", "=" * 7, ">" * 7 + " feature"


def probed(folder: Path, *files: str, interpreter: str = sys.executable) -> compiles.CompileReport:
    """Run the probe as it runs under a target's Python."""
    answer = subprocess.run(
        [interpreter, "-I", "-"],
        input=compiles.probe_source(root=str(folder), files=files),
        check=True,
        capture_output=True,
        text=True,
    )
    return compiles.parse(answer.stdout)


def lines(report: compiles.CompileReport) -> list[str]:
    """Return the problems as they are printed."""
    return [str(problem) for problem in report.problems]


def test_sources_that_compile_are_fine(tmp_path: Path) -> None:
    """Good sources, templates and folders have no problem, and the counts say what was looked at."""
    (tmp_path / "main.py").write_text("x = 1\n")
    (tmp_path / "base.html").write_text("<p>{{ x }}</p>\n")
    (tmp_path / "submodule").mkdir()

    report = probed(tmp_path, "main.py", "base.html", "submodule", "gone.py")

    assert (report.examined, report.compiled, report.problems) == (2, 1, ())


def test_a_source_that_does_not_compile_is_found_with_its_line(tmp_path: Path) -> None:
    """A syntax error is named with file, line and message; a script without suffix counts by its first line."""
    (tmp_path / "main.py").write_text("x = 1\nx = = 2\n")
    (tmp_path / "manage").write_text("#!/usr/bin/env python3\nreturn\n")
    (tmp_path / "run").write_text("#!/bin/sh\nx = = 2\n")

    report = probed(tmp_path, "main.py", "manage", "run")

    assert lines(report) == [
        "main.py:2: SyntaxError: invalid syntax",
        "manage:2: SyntaxError: 'return' outside function",
    ]
    assert (report.examined, report.compiled) == (3, 2)


def test_indentation_and_null_bytes_are_found(tmp_path: Path) -> None:
    """Every way in which Python refuses a source is a problem."""
    (tmp_path / "a.py").write_text("if x:\ny = 1\n")
    (tmp_path / "b.py").write_bytes(b"x = 1\0\n")
    (tmp_path / "c.py").write_bytes(b"# coding: nonsense\n")

    report = probed(tmp_path, "a.py", "b.py", "c.py")

    assert [problem.path for problem in report.problems] == ["a.py", "b.py", "c.py"]
    assert lines(report)[0] == "a.py:2: IndentationError: expected an indented block after 'if' statement on line 1"


def test_what_there_was_no_time_for_is_counted(tmp_path: Path) -> None:
    """Once its seconds are over, the probe begins no other file, and says how many are left."""
    (tmp_path / "a.py").write_text("x = = 1\n")
    late = syntax.examine({"root": str(tmp_path), "files": ["a.py", "a.py"], "seconds": -1})
    whole = syntax.examine({"root": str(tmp_path), "files": ["a.py", "a.py"], "seconds": 60})

    assert (late["left"], late["examined"], late["problems"]) == (2, 0, [])
    assert (whole["left"], whole["examined"], len(whole["problems"])) == (0, 2, 2)


def test_the_targets_own_python_decides(tmp_path: Path) -> None:
    """Syntax that only newer Pythons have does not compile under an older one."""
    older = shutil.which("python3.8")
    if older is None or subprocess.run([older, "-c", ""], check=False, capture_output=True).returncode:
        pytest.skip("python3.8 is not on this machine")
    (tmp_path / "main.py").write_text("match x:\n    case 1:\n        pass\n")

    assert probed(tmp_path, "main.py").problems == ()
    assert lines(probed(tmp_path, "main.py", interpreter=older)) == ["main.py:1: SyntaxError: invalid syntax"]


@pytest.mark.parametrize("name", ["main.py", "base.html", "docker-compose.yml", "README.md"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_conflicts_are_found_in_any_text(tmp_path: Path, name: str, end: str) -> None:
    """The three markers in their order are a conflict, which is named once and at its first line."""
    text = end.join(["a", OURS, "b", MIDDLE, "c", THEIRS, "d", OURS, "|" * 7 + " base", MIDDLE, THEIRS])
    (tmp_path / name).write_bytes(text.encode())

    assert lines(probed(tmp_path, name)) == [
        f"{name}:2: unresolved merge conflict",
        f"{name}:8: unresolved merge conflict",
    ]


@pytest.mark.parametrize(
    "text",
    [
        f"Title\n{MIDDLE}\n\ntext\n",
        f"{MIDDLE}\nTitle\n{MIDDLE}\n",
        f"{THEIRS}\nquoted mail\n",
        f"    {OURS}\n    {MIDDLE}\n    {THEIRS}\n",
        f"{OURS}\n{THEIRS}\n",
        f"{OURS}\n{MIDDLE}=\n{THEIRS}\n",
        f"\0{OURS}\n{MIDDLE}\n{THEIRS}\n",
    ],
)
def test_what_merely_looks_like_a_marker_is_none(text: str) -> None:
    """Underlines, quotes, indented examples and binary files are no conflicts."""
    assert list(syntax.conflict_lines(text.encode())) == []


def test_long_lists_of_files_reach_the_probe(tmp_path: Path) -> None:
    """A list longer than an argument may be still arrives, odd names included."""
    names = [f"folder/{'x' * 100}{number}.py" for number in range(3000)]
    odd = "quo\"te\\ 'é.py"
    (tmp_path / odd).write_text("x = = 1\n")

    report = probed(tmp_path, *names, odd)

    assert lines(report) == [f"{odd}:1: SyntaxError: invalid syntax"]


def test_compile_errors_answers_in_this_process(tmp_path: Path) -> None:
    """The same judgement is to be had without another process."""
    (tmp_path / "main.py").write_text("x = = 2\n")

    assert compiles.compile_errors(["main.py"], root=str(tmp_path)) == probed(tmp_path, "main.py")


@pytest.mark.parametrize(
    ("stdout", "found"),
    [("", "an empty answer"), ("{}", "problems of type NoneType"), ('{"problems": [1]}', "problems of type list")],
)
def test_parse_refuses_what_is_no_answer(stdout: str, found: str) -> None:
    """An answer of another shape is an error, never an empty report."""
    with pytest.raises(compiles.ProbeAnswerError) as caught:
        compiles.parse(stdout)

    assert caught.value.found == found


@given(st.binary(max_size=300))
def test_any_content_gets_a_verdict(data: bytes) -> None:
    """Whatever a file holds, it compiles or it is a problem."""
    problems = syntax.syntax_problems("x.py", data)

    assert all(problem["kind"] == "syntax" for problem in problems)
    assert list(syntax.conflict_lines(data)) == []


@given(st.lists(st.sampled_from([OURS, MIDDLE, THEIRS, "text", ""]), max_size=12))
def test_a_conflict_needs_all_three_markers(rows: list[str]) -> None:
    """There are never more conflicts than of the rarest marker, and each begins at an opening one."""
    found = list(syntax.conflict_lines("\n".join(rows).encode()))

    assert len(found) <= min(rows.count(OURS), rows.count(MIDDLE), rows.count(THEIRS))
    assert all(rows[line - 1] == OURS for line in found)


SYNTAX = compiles.Problem(path="tools/a.py", line=1, kind="syntax", message="SyntaxError")
CONFLICT = compiles.Problem(path="docs/how.md", line=1, kind="conflict", message="unresolved merge conflict")


@pytest.mark.parametrize(
    ("problem", "facts", "how"),
    [
        (SYNTAX, {}, "red"),
        (SYNTAX, {"contained": False}, "aside"),
        (SYNTAX, {"contained": False, "imported": ["tools/a.py"]}, "red"),
        (SYNTAX, {"same": True}, "remarks"),
        (SYNTAX, {"before": ["tools/a.py"]}, "remarks"),
        (SYNTAX, {"guarded": ["tools/a.py"]}, "remarks"),
        (SYNTAX, {"guarded": ["tools/a.py"], "contained": False}, "aside"),
        (SYNTAX, {"before": ["tools/a.py"], "imported": ["tools/a.py"]}, "red"),
        (dataclasses.replace(SYNTAX, path="tests/data/a.py"), {}, "remarks"),
        (dataclasses.replace(SYNTAX, path="tests/data/a.py"), {"imported": ["tests/data/a.py"]}, "red"),
        (SYNTAX, {"text": "class {{ name }}:\n"}, "remarks"),
        (SYNTAX, {"text": "x = 1\nclass {name}:\n"}, "red"),
        (SYNTAX, {"text": "class {name}:\n", "imported": ["tools/a.py"]}, "red"),
        (CONFLICT, {}, "remarks"),
        (dataclasses.replace(CONFLICT, path="app/t.html"), {"contained": False}, "red"),
        (dataclasses.replace(CONFLICT, path="app/t.html"), {"same": True}, "remarks"),
    ],
)
def test_a_problem_is_red_where_a_release_has_it(problem: compiles.Problem, facts: dict[str, Any], how: str) -> None:
    """What no artifact holds is aside; what serves with it, a template and a text that shows one are remarks."""
    found = compiles.sort_out(
        [problem],
        is_contained=lambda _path: facts.get("contained", True),
        imported=facts.get("imported", ()),
        guarded=facts.get("guarded", ()),
        text=lambda _path: facts.get("text", "if x\n"),
        is_as_served=lambda _path: facts.get("same", False),
        refused_before=lambda paths: set(facts.get("before", ())) & set(paths),
    )

    assert [name for name in ("red", "remarks", "aside") if getattr(found, name)] == [how]
