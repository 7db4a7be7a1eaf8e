"""D14 on a real process: the store that its variables name, over a real socket."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gonogo.demo.ports import free_port
from gonogo.words import Outcome, Role
from tests.unit.probes.test_redis import PASSWORD, store

from .deployed import Deployed

pytestmark = pytest.mark.integration


def test_a_store_that_answered_before_and_does_not_now_is_red(deploy: Callable[..., Deployed]) -> None:
    """One that nobody saw answering is advised of: it may be somebody's next month's. A password is never told."""
    with store({b"AUTH": b"+OK\r\n", b"PING": b"+PONG\r\n"}) as port:
        lines = (
            f"REDIS_URL=redis://:p%40ss%3Aw%2Frd@127.0.0.1:{port}/0",
            f"CACHE_URL=redis://127.0.0.1:{free_port()}",
        )
        site = deploy(env="\n".join(lines) + "\n")
        site.start()
        before = site.ask("postdeploy", "store_answers", role=Role.BASELINE)
        well = site.ask("postdeploy", "store_answers").check("D14[web]")
    assert before.result is not None
    first = site.ask("postdeploy", "store_answers").check("D14[web]")
    (site.run / "baseline.json").write_text(before.result.model_dump_json())
    lost = site.ask("postdeploy", "store_answers").check("D14[web]")

    cache = "web: CACHE_URL: found ConnectionRefusedError: Connection refused, expected an answer to PING"
    assert (well.outcome, well.advice) == (Outcome.WARNED, (cache,))
    assert first.outcome is Outcome.WARNED
    assert [said.partition(":")[2].split()[0] for said in first.advice] == ["CACHE_URL:", "REDIS_URL:"]
    assert lost.outcome is Outcome.FAILED
    assert lost.found.startswith("web: REDIS_URL: found Connection")
    assert lost.found.endswith("expected an answer to PING, as before this release")
    assert PASSWORD not in lost.model_dump_json()
