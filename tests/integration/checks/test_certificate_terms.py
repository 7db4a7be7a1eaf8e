"""P42, asked of a real Caddy that renews its own certificates."""

from __future__ import annotations

from pathlib import Path

import pytest

from gonogo.demo.ports import free_port
from gonogo.words import Outcome
from tests.support.gates import Gates, Repository

from .test_certificates import AUTHORITY, address

__all__ = ["address"]

pytestmark = pytest.mark.integration


def test_life_of_a_certificate_is_looked_at_before_a_deployment(
    request: pytest.FixtureRequest, tmp_path: Path, repository: Repository, gate: Gates
) -> None:
    """P42: one of half a day that its server renews is well, one of nobody's authority warns, nobody there is no fault."""
    url = request.getfixturevalue("address").rstrip("/")
    asked = ("-m", "predeploy", "-k", "certificate_is_renewed")
    root = repository({"gonogo.toml": f'{repository.process}url = "{url}"\n'})
    well = gate(root, *asked, environ={"SSL_CERT_FILE": str(tmp_path / AUTHORITY)}).only()
    unknown = gate(root, *asked).only()
    repository.write(root, {"gonogo.toml": f'{repository.process}url = "https://localhost:{free_port()}"\n'})
    nobody = gate(root, *asked).only()
    repository.write(root, {"gonogo.toml": f'{repository.process}url = "http://localhost:1"\n'})
    plain = gate(root, *asked).only()

    assert (well.outcome, [piece.title for piece in well.evidence]) == (Outcome.PASSED, ["Valid for"])
    assert unknown.outcome is Outcome.WARNED
    assert unknown.found.startswith(f"{url}: found a certificate that is not trusted here (")
    assert [one.outcome for one in (nobody, plain)] == [Outcome.SKIPPED] * 2
    assert plain.found == "the environment has no https url"
