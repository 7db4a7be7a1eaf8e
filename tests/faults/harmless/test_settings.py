"""A commit that was red for what its host lacked: it is good, and may be deployed once the host has it."""

from __future__ import annotations

import pytest

from tests.integration.deploy.conftest import App

__all__: list[str] = []

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

NEEDED = {"/healthz": (200, "alive"), "/page": (500, "no KEY")}


@pytest.mark.thorough
def test_the_same_commit_goes_once_the_env_file_is_mended(app: App) -> None:
    """With the same settings it is refused; with others it is tried again, and the record says so."""
    settings = app.root / ".env"
    settings.write_text("OTHER=1\n")
    app.configure(options='env_file = ".env"\nattempts = 1')
    app.commit("settings")
    first, _ = app.deploy()
    app.pages(NEEDED)
    page = app.root / "app.py"
    page.write_text(page.read_text().replace("(500, 'no KEY')", "(200, 'hello') if 'KEY' in os.environ else (500, '')"))
    app.commit("needs KEY")

    red, _ = app.deploy()
    as_it_is, _ = app.deploy()
    settings.write_text("OTHER=1\nKEY=there\n")
    mended, record = app.deploy()

    assert [first.code, red.code, mended.code] == [0, 1, 0], mended
    assert as_it_is.code == 1
    assert "found a commit that was turned back before" in as_it_is.err
    assert "mend that: with other settings the commit is tried again" in as_it_is.err
    (again,) = [note for note in record["notes"] if "turned back" in note]
    assert again.endswith("It is tried again with other settings: KEY changed since.")
    assert record["ending"].startswith("GO"), record["ending"]
