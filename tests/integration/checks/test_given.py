"""D25 on a real process: the variables that the kernel says it has."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gonogo.words import Outcome

from .deployed import Deployed

pytestmark = pytest.mark.integration


def test_an_instance_with_another_value_is_warned_of(deploy: Callable[..., Deployed]) -> None:
    """Its own pinned values count, not what the env file says today; no value is told."""
    site = deploy(env="GREETING=hello-from-the-first-release\n")
    site.start()
    env, pinned = site.folder / ".env", site.release.folder / "env"
    env.write_text(env.read_text().replace("hello-from", "hello-again-from"))
    well = site.ask("postdeploy", "have_their_variables").check("D25")
    text = pinned.read_text()
    pinned.write_text(text.replace("hello-from", "hello-again-from"))
    other = site.ask("postdeploy", "have_their_variables").check("D25")
    pinned.write_text(text)

    assert (well.outcome, well.found) == (Outcome.PASSED, "")
    assert (other.outcome, other.found) == (
        Outcome.WARNED,
        f"web (GREETING): found another value, expected what {site.release.short} was given",
    )
    assert "the-first-release" not in other.model_dump_json()
