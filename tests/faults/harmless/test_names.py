"""An application that answers to its own name only, as Django's ``ALLOWED_HOSTS`` and a ``server_name`` make it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration.deploy.conftest import GREEN, App

__all__: list[str] = []

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

STRICT = """

def strict(self, plain=Handler.do_GET):
    if self.headers["Host"].split(":")[0] == "shop.test":
        return plain(self)
    print("ERROR Invalid HTTP_HOST header:", self.headers["Host"], flush=True)
    self.send_error(400)


Handler.do_GET = strict
"""


@pytest.mark.thorough
def test_an_application_is_asked_by_its_name_on_this_machine(app: App) -> None:
    """``connect_to``: every request of the start, the probe and the checks has the name, and none is sent elsewhere."""
    toml = app.root / "gonogo.toml"
    app.configure(options='attempts = 1\nconnect_to = "127.0.0.1"')
    toml.write_text(
        toml.read_text().replace(f'url = "http://127.0.0.1:{app.port}"', f'url = "http://shop.test:{app.port}"')
    )
    app.pages(GREEN)
    text = (app.root / "app.py").read_text()
    (app.root / "app.py").write_text(text.replace("\nif __name__", f"{STRICT}\n\nif __name__"))
    app.commit("strict")
    named = toml.read_text()
    toml.write_text(named.replace('connect_to = "127.0.0.1"\n', "").replace("//shop.test", "//127.0.0.1"))
    app.commit("by its address")
    unnamed, _ = app.deploy()
    toml.write_text(named)
    app.commit("by its name")
    first, _ = app.deploy()
    app.commit("again")
    second, record = app.deploy()

    assert unnamed.code == 1
    assert 'url = that, connect_to = "127.0.0.1"' in " ".join(unnamed.err.split())
    assert (first.code, second.code) == (0, 0), first
    assert record["downtime"] is not None
    (instance,) = app.state.glob("instances/*.json")
    assert "Invalid HTTP_HOST" not in Path(json.loads(instance.read_text())["log"]).read_text()
