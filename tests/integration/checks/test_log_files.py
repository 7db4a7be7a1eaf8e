"""D32 on a real process: errors that only a file has."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gonogo.words import Outcome, Role

from .deployed import Deployed

pytestmark = pytest.mark.integration

ASKED = "errors_in_log_files"


def test_an_error_that_only_a_file_has_is_red(deploy: Callable[..., Deployed]) -> None:
    """Beside what the baseline saw in the same file; of a file that is new nobody knows what is, and nothing is no file."""
    site = deploy(environment='\n[env.test.logs]\nallow = ["known trouble"]\nfiles = ["logs/*.log"]\n')
    site.start()
    folder = site.release.source_root(".") / "logs"
    none = site.ask("postdeploy", ASKED).check("D32[web]")
    folder.mkdir()
    log = folder / "app.log"
    log.write_text("INFO started\nERROR: known trouble 1\nERROR: cannot mail 17\n")
    first = site.ask("postdeploy", ASKED).check("D32[web]")
    before = site.ask("postdeploy", ASKED, role=Role.BASELINE)
    assert before.result is not None
    (site.run / "baseline.json").write_text(before.result.model_dump_json())
    log.write_text(log.read_text() + "ERROR: cannot mail 18\n")
    same = site.ask("postdeploy", ASKED).check("D32[web]")
    log.write_text(log.read_text() + "ERROR: cannot print 19\n")
    (folder / "jobs.log").write_text("ERROR: a job of last week\n")
    red = site.ask("postdeploy", ASKED).check("D32[web]")

    old = "which may be older than this release; the first: web: logs/app.log: found ERROR: cannot mail 17"
    assert (none.outcome, none.found) == (Outcome.SKIPPED, "web has no file logs/*.log")
    assert (first.outcome, first.found) == (Outcome.WARNED, f"1 errors in log files, {old}")
    assert (same.outcome, same.found) == (Outcome.PASSED, "")
    assert (red.outcome, red.found) == (
        Outcome.FAILED,
        "1 new errors in log files, the first in web: logs/app.log: found ERROR: cannot print 19; expected none",
    )


def test_what_the_release_wrote_that_was_turned_back_is_told(deploy: Callable[..., Deployed]) -> None:
    """A file outlives who writes into it: on the way back its errors warn, and another one is red."""
    site = deploy(environment='\n[env.test.logs]\nfiles = ["logs/*.log"]\n')
    site.start()
    log = site.release.source_root(".") / "logs" / "app.log"
    log.parent.mkdir()
    log.write_text("INFO started\n")
    before = site.ask("postdeploy", ASKED, role=Role.BASELINE)
    assert before.result is not None
    (site.run / "baseline.json").write_text(before.result.model_dump_json())
    log.write_text("ERROR: cannot mail 18\n")
    unseen = site.ask("postdeploy", ASKED, role=Role.ROLLBACK).check("D32[web]")
    bad = site.ask("postdeploy", ASKED)
    assert bad.result is not None
    (site.run / "postdeploy.json").write_text(bad.result.model_dump_json())
    back = site.ask("postdeploy", ASKED, role=Role.ROLLBACK).check("D32[web]")
    log.write_text("ERROR: cannot mail 18\nERROR: cannot print 19\n")
    again = site.ask("postdeploy", ASKED, role=Role.ROLLBACK).check("D32[web]")

    told = "web: logs/app.log: found ERROR: cannot mail 18, which the release that was turned back wrote"
    assert (bad.check("D32[web]").outcome, again.outcome) == (Outcome.FAILED, Outcome.FAILED)
    assert (back.outcome, back.found) == (Outcome.WARNED, f"{told}, as far as anybody saw")
    assert unseen.outcome is Outcome.WARNED
    assert "1 new errors in log files, the first in web: logs/app.log: found ERROR: cannot print 19" in again.found
