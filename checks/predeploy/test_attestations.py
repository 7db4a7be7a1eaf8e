"""Whether people said what only people know."""

from __future__ import annotations

import pytest

from gonogo.gates.subject import Subject
from gonogo.plugins.evidence import Collected
from gonogo.records.text import when

__all__: list[str] = []


@pytest.mark.predeploy("P39", needs=("attest",), remedy="Once it is true: gonogo deploy --env {env} --attest {param}")
def test_attestation_was_given(attestation: tuple[str, str], subject: Subject, evidence: Collected) -> None:
    """Somebody gave each attestation that the environment asks for; the record says who, and when.

    Catches a deployment that nobody was told of, while nobody is there who could help.

    Before (shell):

        gonogo deploy --env prod

    After (shell):

        gonogo deploy --env prod --attest team-notified
    """
    name, sentence = attestation
    given = [f"by {one.by} at {when(one.given)}" for one in subject.attested if one.id == name]
    evidence.text(sentence, "\n".join(given) or "nobody says so")
    assert given, f'"{sentence}": found nobody who says so, expected --attest {name}'
