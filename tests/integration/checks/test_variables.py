"""P24 on a real release: what it was started with, and what the env file says now."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gonogo.words import Outcome

from .deployed import Deployed

pytestmark = pytest.mark.integration

MAIL = 'import os\n\nSENDER = os.environ.get("MAIL_FROM", "nobody")\n'


def test_a_variable_that_is_read_and_gone_is_warned_of(deploy: Callable[..., Deployed]) -> None:
    """One that no source reads may go, and one more may come; a first deploy knows nothing of before."""
    site = deploy(files={"mail.py": MAIL}, env="MAIL_FROM=shop@acme.io\nOLD_THING=1\n")
    env, asked = site.folder / ".env", "variable_that_is_read"
    before = site.release
    first = site.ask("predeploy", asked).only()
    same = site.ask("predeploy", asked, serving=before).only()
    env.write_text(env.read_text().replace("OLD_THING=1", "NEW_THING=1"))
    site.another({"a": "1"})
    other = site.ask("predeploy", asked, serving=before).only()
    env.write_text(env.read_text().replace("MAIL_FROM=shop@acme.io", "MAIL_FROM="))
    site.another({"a": "2"})
    gone = site.ask("predeploy", asked, serving=before).only()

    assert [one.outcome for one in (first, same, other)] == [Outcome.SKIPPED, Outcome.PASSED, Outcome.PASSED]
    assert [piece.value for piece in other.evidence] == ["NEW_THING", "OLD_THING"]
    assert (gone.outcome, gone.found) == (
        Outcome.WARNED,
        "web: is no longer given MAIL_FROM, which mail.py:3 reads; expected it as the serving release has it",
    )
