"""The tag of a release that went GO, in a whole deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .conftest import GREEN

if TYPE_CHECKING:
    from .conftest import App

TAG = '\n[env.test.tag]\nname = "deployed/{env}/{commit}"\n'


@pytest.mark.thorough
def test_what_went_go_is_tagged_and_what_is_turned_back_is_not(app: App) -> None:
    """A tag says that a release serves, and the record says what it is called."""
    app.configure(tables=TAG)
    commit = app.commit("with a tag")
    first, record = app.deploy()
    app.pages({**GREEN, "/page": (500, "broken")})
    red, _ = app.deploy()

    assert (first.code, red.code) == (0, 1)
    assert app.git("tag").split() == [f"deployed/test/{commit}"]
    assert f"The release is tagged as deployed/test/{commit}." in record["notes"]
