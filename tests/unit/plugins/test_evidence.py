"""What a check attaches, prints or raises, however much it is: cut, with a note, and never through a secret."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.plugins.evidence import Collected, redacted_cut
from gonogo.secrets.known import Redactor
from gonogo.words import Outcome
from tests.support.gates import PROCESS, Gates, Repository

SECRET = "marker-51aa-of-the-env-file"
REDACT = Redactor([SECRET]).text
CONFIG = f'{PROCESS}env_file = ".env"\n\n[env.test.secrets]\nAPI_TOKEN = {{}}\n'
CHECKS = '''\
import resource, sys

import pytest

MEGA = 1_000_000


@pytest.mark.predeploy("T01", remedy="Write less.")
def test_it(evidence, variables):
    """It says little."""
    token = variables["API_TOKEN"]
    log = "INFO GET /page 200 <script>\\x1b[31m " * (50 * MEGA // 32)
    log = log[:42_000 - 9] + token + log[42_000:-42_000] + token + log[-42_000 + 9:]  # across where it is cut
    evidence.text("Log", "begin " + log + " end")
    evidence.table("Table", [["cell", "y" * 10 * MEGA + token]])
    evidence.json("Answer", {"list": ["z" * 100] * 50_000})
    sys.stdout.write("printed " + log)
    sys.stdout.flush()
    sys.stdout.buffer.write(b"\\xff\\xfe")
    pytest.fail("50 MB: " + "f" * 5 * MEGA)
'''
CONFTEST = """\
import pathlib, resource

def pytest_unconfigure():
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    pathlib.Path(__file__).with_name("peak").write_text(str(peak))
"""


def missing(text: str) -> int:
    """How many characters the note in a text says are missing."""
    (found,) = re.findall(r"\n\[… (\d+) characters cut …\]\n", text)
    return int(found)


def test_fifty_megabytes_are_cut_with_a_note(tmp_path: Path) -> None:
    """The verdict is there; page and results stay small, say how much is missing, and hold no piece of a secret."""
    files = {"gonogo.toml": CONFIG, ".env": f"API_TOKEN={SECRET}\n", "checks/test_big.py": CHECKS}
    root = Repository(tmp_path)({**files, "checks/conftest.py": CONFTEST})
    page = tmp_path / "report.html"
    run = Gates(tmp_path / "gates")(root, "-m", "predeploy", "-k", "big", f"--html={page}", "--self-contained-html")
    check, written = run.only(), page.read_text(encoding="utf-8")
    log, table, answer = (piece.value for piece in check.evidence)

    assert (run.code, check.outcome) == (1, Outcome.FAILED)
    assert len(written) + len(run.out) + len(json.dumps(check.model_dump(mode="json"))) < 1_500_000
    assert log.startswith("begin INFO GET")
    assert log.endswith(" end")
    assert [missing(log), missing(table[1][1]), missing(answer)] == [51_542_546, 9_998_027, 5_280_016]
    assert check.found.startswith("50 MB: fff")
    assert missing(check.found) == 4_900_007
    assert written.count("characters cut …]") >= 5
    for said in (written, run.out, run.err, check.model_dump_json()):
        assert SECRET[:8] not in said
        assert SECRET[-8:] not in said
    assert int((root / "checks" / "peak").read_text()) < 600_000, "kB at most"


@settings(max_examples=30)
@given(st.text(max_size=300), st.integers(0, 200_000), st.integers(0, 200_000))
def test_cut_never_shows_a_piece_of_a_secret(text: str, before: int, after: int) -> None:
    """Wherever in a long text the secret stands."""
    shown = redacted_cut("a" * before + SECRET + text + "b" * after, REDACT, most=1000)

    assert len(shown) <= 1100
    assert SECRET[:7] not in shown
    assert SECRET[-7:] not in shown


def test_text_that_speaks_of_a_cut_is_not_cut() -> None:
    """Only what we cut ourselves is."""
    collected = Collected()
    collected.text("Log", "a\n[… 5 characters cut …]\nb")

    assert collected.shown(str)[0]["value"] == "a\n[… 5 characters cut …]\nb"


@pytest.mark.parametrize("length", [20_000, 20_001, 84_000, 84_001, 200_000])
def test_note_counts_what_is_missing(length: int) -> None:
    """Head, note and tail are the text."""
    collected = Collected()
    collected.text("Log", "x" * length)
    shown = collected.shown(str)[0]["value"]
    missing = max(length - 20_000, 0)

    assert shown == ("x" * length if not missing else f"{'x' * 10_000}\n[… {missing} characters cut …]\n{'x' * 10_000}")
