"""gonogo.state.journal: lines survive a crash; a torn last line is left out."""

from __future__ import annotations

import errno
import resource
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.host.runner import Command, LocalHost
from gonogo.secrets.redactor import Redactor
from gonogo.state.journal import Journal, read_journal


def test_steps_and_commands_stand_in_order_with_their_step(tmp_path: Path) -> None:
    """Before and after, with pid and start time of the child."""
    path = tmp_path / "runs" / "journal.jsonl"
    journal = Journal(path)
    journal.enter("build", kind="move")
    done = LocalHost(observer=journal).run(Command(argv=("sh", "-c", "echo hi")))
    journal.leave(ok=True)

    lines = read_journal(path)
    assert [(line["event"], line["step"]) for line in lines] == [
        ("step-began", "build"),
        ("command-began", "build"),
        ("command-ended", "build"),
        ("step-ended", "build"),
    ]
    assert lines[1]["pid"] == lines[2]["pid"] == done.pid
    assert lines[1]["started"] > 0
    assert {line["host"] for line in lines} == {"local"}
    assert path.stat().st_mode & 0o777 == 0o600


def test_secrets_are_redacted_in_journal_lines(tmp_path: Path) -> None:
    """Whatever the fact is called."""
    journal = Journal(tmp_path / "j", redact=lambda text: text.replace("hunter22", "[redacted]"))
    journal.write("note", anything={"deep": ["hunter22"]})

    assert "hunter22" not in (tmp_path / "j").read_text()


def test_password_that_is_a_word_leaves_a_run_readable(tmp_path: Path) -> None:
    """Recovery finds what it looks for: names of facts, ids and kinds are never redacted."""
    passwords = ("release", "deploy", "run-began", "r-release-1")
    journal = Journal(tmp_path / "j", redact=Redactor(passwords).text)
    journal.write("run-began", kind="deploy", release="r-release-1", said="deploy the release")

    (line,) = read_journal(tmp_path / "j")
    assert (line["event"], line["kind"], line["release"]) == ("run-began", "deploy", "r-release-1")
    assert line["said"] == "[redacted] the [redacted]"


def test_line_that_no_longer_fits_is_told_and_swallows_none_that_comes_after(tmp_path: Path) -> None:
    """Seen: half of it was written without an error, and with room again the next line was joined to it."""
    journal = Journal(tmp_path / "j")
    journal.write("first")
    room = (tmp_path / "j").stat().st_size + 40
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        with pytest.raises(OSError, match="j") as refused:
            journal.write("half")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    journal.write("run-ended")

    assert refused.value.errno == errno.EFBIG
    assert [line["event"] for line in read_journal(tmp_path / "j")] == ["first", "run-ended"]
    assert len((tmp_path / "j").read_text().splitlines()) == 2


@given(st.integers(min_value=0, max_value=200))
def test_torn_last_line_is_left_out(cut: int) -> None:
    """Wherever a crash cut the file, the whole lines before it are read."""
    import tempfile  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "j"
        journal = Journal(path)
        journal.write("one", n=1)
        whole = path.read_bytes()
        journal.write("two", n=2)
        path.write_bytes(path.read_bytes()[: len(whole) + cut])

        events = [line["event"] for line in read_journal(path)]
        assert events in (["one"], ["one", "two"])


def test_missing_journal_is_empty(tmp_path: Path) -> None:
    """A run that never began wrote nothing."""
    assert read_journal(tmp_path / "none") == []
