"""A real nginx whose limit on requests answers 503: who is asked slowly answers well, and what is down stays down."""

from __future__ import annotations

from pathlib import Path

import docker
import pytest

from gonogo.gates.budget import Budget
from gonogo.inspection.answers.downtime import figures
from gonogo.inspection.answers.refusals import limit_of
from gonogo.plugins.limits import Limits
from gonogo.run.downtime_probe import DowntimeProbe, Moving, Target

from .base_images import ensure
from .test_base_images import eventually, got, running

__all__: list[str] = []

pytestmark = pytest.mark.thorough

CONF = """\
limit_req_zone $binary_remote_addr zone=all:1m rate=30r/m;
server {
  listen 80;
  location / { root /etc/nginx; try_files /nginx.conf =404; limit_req zone=all; }
  location /idle { root /etc/nginx; try_files /nginx.conf =404; }
  location /down { return 503; }
}
"""


@pytest.mark.timeout(120)
def test_a_limit_of_nginx_is_no_fault_and_a_maintenance_page_is_one(
    engine: docker.DockerClient, tmp_path: Path
) -> None:
    """A check gets the page, the probe of a moving release counts no failure; `return 503` is red and counted."""
    ensure("nginx:1")
    conf = tmp_path / "limit.conf"
    conf.write_text(CONF)
    volumes = {str(conf): {"bind": "/etc/nginx/conf.d/default.conf", "mode": "ro"}}
    with running(engine, "nginx:1", 80, volumes=volumes) as (_, port):
        url = f"http://127.0.0.1:{port}"
        eventually(lambda: got(f"{url}/idle"), expected="200")
        asking = Limits(Budget(None), bound=60.0, configured=lambda: limit_of([CONF]))
        statuses = [asking.get(f"{url}/").status_code for _ in range(3)]
        down = asking.get(f"{url}/down").status_code
        seen = {}
        for name in ("", "down"):
            path, moving = tmp_path / f"probe{name}.jsonl", Moving()
            with moving.here(), DowntimeProbe(Target(url=f"{url}/{name}"), path, moving=moving) as probe:
                probe.wait_for_first()
                eventually(lambda path=path: (path.read_text().count("\n") > 4 and "enough") or "", expected="enough")  # type: ignore[misc]
            seen[name] = figures(path.read_text().splitlines())

    assert statuses == [200, 200, 200], asking.again
    assert len(asking.again) >= 2, asking.again
    assert down == 503
    assert asking.again[-1].endswith("no limit on requests")
    assert (seen[""].failed, seen[""].limited > 0) == (0, True), seen
    assert seen["down"].failed == seen["down"].requests > 0, seen
