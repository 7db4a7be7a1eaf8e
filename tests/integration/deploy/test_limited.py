"""An application that limits requests from one address is neither held nor starved by those of a deployment."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.deploy.conftest import GREEN, App

__all__: list[str] = []

pytestmark = [pytest.mark.integration, pytest.mark.thorough, pytest.mark.timeout(300)]

LIMITS = """
import time
CAME = []
UNLIMITED = Handler.do_GET

def limited(self):
    now = time.monotonic()
    CAME[:] = [at for at in CAME if now - at < 60] + [now]
    if len(CAME) > 60:
        with open("{log}", "a") as log:
            log.write(self.path + "\\n")
        self.send_error(429)
    else:
        UNLIMITED(self)

Handler.do_GET = limited
"""
PAGES = {**GREEN, **{f"/{number}": (200, "x") for number in range(20)}}
ENDPOINTS = "\n".join(f'[[env.test.endpoint]]\nrequest = "GET /{number}"\nrepeat = 2' for number in range(20))


def test_sixty_a_minute_suffice(app: App, tmp_path: Path) -> None:
    """Forty requests of one check alone, two deployments, the probe: all are answered, and nobody is refused."""
    log = tmp_path / "refused"
    log.touch()
    app.configure(tables=ENDPOINTS, options='requests_per_minute = 60\nmax_downtime = "1h"')
    app.pages(PAGES)
    path = app.root / "app.py"
    limits = LIMITS.replace("{log}", str(log))
    path.write_text(path.read_text().replace('if __name__ == "__main__":', limits + '\nif __name__ == "__main__":'))
    app.commit("limited")
    first, record = app.deploy()
    app.commit("again")
    second, _ = app.deploy()

    assert (first.code, second.code) == (0, 0), (first, second)
    assert log.read_text() == ""
    assert sum(step["gate"]["stage"] == "postdeploy" for step in record["steps"] if step["kind"] == "gate") == 1
