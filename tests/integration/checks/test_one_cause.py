"""What is red for one cause is told once: a name that is refused, an answer that is everybody's, a service that is dead."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gonogo.records.findings import findings, is_deferred
from gonogo.runtimes.process.instances import Instances, family
from tests.support.gates import Run

from .deployed import SERVER, Deployed

pytestmark = pytest.mark.integration

ENDPOINTS = """
[[env.test.endpoint]]
request = "GET /"

[[env.test.endpoint]]
request = "GET /prices"
"""
OWN = '''\
import pytest


@pytest.mark.postdeploy("S01", remedy="Look at the prices.")
def test_a_price(http):
    """There is a price."""
    assert http.get("/prices").json() == {"price": 1}
'''
REFUSED = """\
        if os.path.exists("refuses"):
            name = self.headers["Host"]
            print(f"ERROR Invalid HTTP_HOST header: {name!r}. You may need to add {name!r} to ALLOWED_HOSTS.", flush=True)
            self.send_response(400)
            self.end_headers()
            self.wfile.write(b"<h1>Bad Request (400)</h1>")
            return
        with open("""
BROKEN = REFUSED.replace("400", "500").replace("Bad Request", "Server Error").replace("HTTP_HOST header", "thing")
WELL = {"/": [200, {}, "hello", 0], "/prices": [200, {}, '{"price": 1}', 0]}


def site_of(deploy: Callable[..., Deployed], refuses: str) -> Deployed:
    """A release that may refuse everything, with a check of the team's own."""
    server = SERVER.replace("        with open(", refuses, 1)
    made = deploy(environment=ENDPOINTS, files={"server.py": server, "checks/test_prices.py": OWN})
    made.answer(WELL)
    made.start()
    return made


def told(run: Run) -> dict[str, set[str]]:
    """The check that names each cause → what follows from it."""
    assert run.result is not None
    found = findings((*run.result.blocking, *filter(is_deferred, run.result.checks)))
    return {str(one.check.code): {str(each.code) for each in (*one.red, *one.unasked)} for one in found}


def test_a_name_that_is_refused_is_one_finding(deploy: Callable[..., Deployed]) -> None:
    """Pages, readiness, what the log says of it and the team's own check follow. Healthy: no finding.

    Whether an instance is healthy is the same question here, and told first.
    """
    site = site_of(deploy, REFUSED)
    well = told(site.ask("postdeploy"))
    (site.release.root / "refuses").write_text("")
    red = told(site.ask("postdeploy"))

    assert well == {}
    assert red.keys() == {"D02"}
    assert {"D06", "D07", "D09[GET /]", "D09[GET /prices]", "D15", "S01"} <= red["D02"]


def test_an_error_that_everybody_gets_is_one_finding(deploy: Callable[..., Deployed]) -> None:
    """The exception in the log is told beside it: whether it is that one, nobody asks. One page's own error is its own."""
    site = site_of(deploy, BROKEN)
    (site.release.root / "refuses").write_text("")
    red = told(site.ask("postdeploy"))
    (site.release.root / "refuses").unlink()
    site.answer({**WELL, "/prices": [500, {}, "no price", 0]})
    one = told(site.ask("postdeploy", "endpoint or alive"))

    assert red.keys() == {"D02", "D15"}
    assert {"D06", "D07", "D09[GET /]", "D09[GET /prices]", "S01"} <= red["D02"]
    assert one == {"D09[GET /prices]": set()}


def test_a_dead_service_is_one_finding(deploy: Callable[..., Deployed]) -> None:
    """D01 names it; what asked it, what it logged, and the team's own check follow."""
    site = site_of(deploy, REFUSED)
    record = Instances(site.state.root).read("web")
    assert record is not None
    site.log("ERROR Traceback: the lamp is broken\n")
    for process in family(record):
        process.kill()
        process.wait(10)
    red = told(site.ask("postdeploy"))

    assert red.keys() == {"D01"}
    assert {"D06", "D09[GET /]", "D15", "S01"} <= red["D01"]
