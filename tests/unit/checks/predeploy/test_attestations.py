"""P39 in real gates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gonogo.state.lock import operator
from gonogo.words import Outcome

if TYPE_CHECKING:
    from tests.support.gates import Gates, Repository

__all__: list[str] = []

ASK = ("-m", "predeploy", "--env", "test")
ASKED = '\n[env.test.attest]\nteam-notified = "The team knows."\non-call = "Somebody is there."\n'


def test_what_was_said_is_green_and_the_rest_is_red(repository: Repository, gate: Gates) -> None:
    """P39 is asked for each: who said it and when is its evidence, what nobody says is named with its option."""
    root = repository({"gonogo.toml": repository.process + ASKED})

    run = gate.bare(root, *ASK, "--attest", "on-call")

    said, unsaid = run.check("P39[on-call]"), run.check("P39[team-notified]")
    assert (run.code, said.outcome, said.evidence[0].title) == (1, Outcome.PASSED, "Somebody is there.")
    assert said.evidence[0].value.startswith(f"by {operator()} at 20")
    assert (unsaid.outcome, unsaid.found) == (
        Outcome.FAILED,
        '"The team knows.": found nobody who says so, expected --attest team-notified',
    )
    assert unsaid.remedy == "Once it is true: gonogo deploy --env test --attest team-notified"


def test_an_environment_that_asks_for_nothing_skips_and_takes_nothing(repository: Repository, gate: Gates) -> None:
    """Without ``attest`` P39 skips with one line; a word that nobody asked for is wrong usage."""
    root = repository({"gonogo.toml": repository.process})

    run = gate(root, "-m", "predeploy", "-k", "attestation")
    wrong = gate.bare(root, *ASK, "--attest", "on-call")

    assert (run.only().outcome, run.only().found) == (Outcome.SKIPPED, "no attestation is asked for")
    assert wrong.code == 4
    assert '--attest: found "on-call", expected none: env.test.attest asks for nothing.' in wrong.out + wrong.err
