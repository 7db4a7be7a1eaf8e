"""Backups that a team makes itself are looked at, and its uploads come along."""

from __future__ import annotations

import os
import tarfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gonogo.backups.folders import Folder, files_in
from gonogo.backups.found import Found
from gonogo.backups.proof import Proving, prove
from gonogo.backups.shelf import Shelf
from gonogo.backups.take import copy_away, take
from gonogo.errors import CommandError
from gonogo.host.runner import this_machine
from gonogo.words import Outcome
from tests.support.backups import taking

if TYPE_CHECKING:
    from tests.support.gates import Gates, Repository

__all__: list[str] = []

HOST = this_machine(timeout=60)
TOML = """\
[app]
name = "kept"

[service.web]
command = ["{python}", "-m", "http.server", "{port}"]

[env.test]
tier = "TIER"
runtime = "process"
project = "kept"

[env.test.backup]
made = "dumps/*.txt"
success = "^done "
"""


def test_the_newest_backup_of_the_team_must_be_young_and_well(repository: Repository, gate: Gates) -> None:
    """P29: none, an empty one, one that does not say so, one that is too old for its tier, and one that is right."""

    def said(tier: str = "dev") -> tuple[Outcome, str]:
        root = repository({"gonogo.toml": TOML.replace("TIER", tier), ".gitignore": "dumps/\n"})
        (root / "dumps").mkdir(exist_ok=True)
        for name, text, age in files:
            (root / "dumps" / name).write_text(text)
            os.utime(root / "dumps" / name, times=(time.time() - age,) * 2)
        check = gate(root, "-m", "predeploy", "-k", "backup_can_be_made").only()
        return check.outcome, check.found.replace(str(root), "ROOT")

    files: list[tuple[str, str, float]] = []
    assert said() == (Outcome.FAILED, "ROOT/dumps/*.txt: found no backup, expected one")
    files.append(("a.txt", "done 1\n", 7200))
    assert said() == (Outcome.PASSED, "")
    outcome, found = said("prod")
    assert outcome is Outcome.FAILED
    assert found == "ROOT/dumps/a.txt: found a backup that is 2.0 h old, expected at most 1 h (fresh)"
    files.append(("b.txt", "failed\n", 60))
    assert said() == (Outcome.FAILED, "ROOT/dumps/b.txt: found no line that matches '^done ', expected one")
    files.append(("c.txt", "", 30))
    assert said() == (Outcome.FAILED, "ROOT/dumps/c.txt: found an empty file, expected a backup")


def test_a_command_of_the_team_is_judged_by_what_it_says(tmp_path: Path) -> None:
    """An exit code of 0 is not enough where ``success`` asks for words; what it leaves is kept with the manifest."""
    good = 'echo one >"$GONOGO_BACKUP/own.txt"; echo "LAST_SUCCESS now"'
    made = take(taking(tmp_path, command=["sh", "-c", good], success="^LAST_SUCCESS "), Found())

    assert made.said == ("LAST_SUCCESS now",)
    assert (tmp_path / "backups" / made.id / "own.txt").read_text() == "one\n"
    with pytest.raises(CommandError, match=r"found exit code 0 and no line that matches '\^LAST_SUCCESS '"):
        take(taking(tmp_path, command=["sh", "-c", "echo status: error"], success="^LAST_SUCCESS "), Found())
    with pytest.raises(CommandError, match="found exit code 3"):
        take(taking(tmp_path, command=["sh", "-c", "exit 3"]), Found())
    assert [one.id for one in Shelf(tmp_path / "backups").all()] == [made.id]


def test_a_backup_is_copied_elsewhere_or_says_that_it_was_not(tmp_path: Path) -> None:
    """The command is given the folder; where it fails the backup stays."""
    away = tmp_path / "away"
    job = taking(tmp_path, command=["true"], copy_to=["cp", "-r", "{folder}", str(away)])
    made = take(job, Found())

    assert copy_away(job, made) == "copied by `cp`"
    assert (away / "manifest.json").is_file()
    with pytest.raises(CommandError, match=r"backup\.copy_to: `false`"):
        copy_away(taking(tmp_path, command=["true"], copy_to=["false"]), made)
    assert [one.id for one in job.shelf.all()] == [made.id]


def test_uploads_come_along_and_are_read_whole(tmp_path: Path) -> None:
    """An archive of the folder; one without its end, or with a file less, is no proof."""
    uploads = tmp_path / "uploads"
    (uploads / "deep er").mkdir(parents=True)
    for number in range(5):
        (uploads / "deep er" / f"{number}.bin").write_bytes(os.urandom(3000))
    job = taking(tmp_path, folders=["uploads"])
    made = take(job, Found(sources=(Folder(name="uploads", path=str(uploads)),)))
    (part,) = made.parts
    path = job.shelf.path(made.id) / part.file
    proving = Proving(shelf=job.shelf, host=HOST, owner="x/y", timeout=60)

    assert part.facts.rows == 5
    assert prove(proving, made).problems == ()
    with tarfile.open(path) as archive:
        assert sum(one.isfile() for one in archive) == 5
    less = part.model_copy(update={"facts": part.facts.model_copy(update={"tables": ()})})
    (seen,) = prove(proving, made.model_copy(update={"parts": (less,)})).parts
    assert seen.wrong == ("found 5 files, expected 0",)
    path.write_bytes(path.read_bytes().rstrip(b"\0"))
    with pytest.raises(CommandError, match="found "):
        files_in(path)
    with pytest.raises(CommandError, match="folder none"):
        Folder(name="none", path=str(tmp_path / "none")).ready(HOST)
