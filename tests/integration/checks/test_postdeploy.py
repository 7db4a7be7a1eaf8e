"""The post-deploy checks, asked of a real process by real gates: green, and red with the whole message."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gonogo.demo.ports import free_port
from gonogo.gates.budget import FILE
from gonogo.records.findings import findings
from gonogo.records.results import CheckResult, Evidence, GateResult
from gonogo.runtimes.process.instances import Instances, family
from gonogo.words import Exit, OnRed, Outcome, Role, Stage

from .deployed import Deployed

pytestmark = pytest.mark.integration

ENDPOINTS = """
[[env.test.endpoint]]
request = "GET /"
contains = "hello"
within = "500ms"

[[env.test.endpoint]]
request = "GET /admin"
auth = "ada:${ADMIN_PASSWORD}"
contains = "Basic YWRhOnM0Zmd1YXJkZWQtdGhpbmc="

[[env.test.endpoint]]
request = "GET /absent"
send = { Authorization = "Bearer ${NOBODY_SET_IT}" }
"""
HELLO = {"/": [200, {}, "hello", 0], "/admin": [200, {}, "@AUTH@", 0]}


@pytest.fixture(scope="module")
def site(deploy: Callable[..., Deployed]) -> Deployed:
    """A release that runs and answers well."""
    made = deploy(
        environment='max_downtime = "2s"\n' + ENDPOINTS + '\n[env.test.logs]\nallow = ["known trouble"]\n',
        env="ADMIN_PASSWORD=s4fguarded-thing\n",
    )
    made.answer(HELLO)
    made.start()
    return made


@pytest.fixture(autouse=True)
def _well_again(site: Deployed) -> Iterator[None]:
    """After each test the application answers well."""
    yield
    site.answer(HELLO)


def found(site: Deployed, code: str, chosen: str, **options: Any) -> tuple[Outcome, str]:
    """One check's outcome and message."""
    check = site.ask("postdeploy", chosen, **options).check(code)
    return check.outcome, check.found


def test_all_is_green(site: Deployed) -> None:
    """Of a release that serves as it should nothing is red but what cannot be asked; each skip says why."""
    run = site.ask("postdeploy")
    outcomes = run.outcomes()
    skips = {check.code: check.found for check in run.checks if check.outcome is Outcome.SKIPPED}

    green = ("D01", "D25", "D03", "D04", "D05[web]", "D06", "D07", "D08", "D09[GET /]", "D09[GET /admin]", "D15", "D02")
    assert {code: outcomes[code] for code in green} == dict.fromkeys(green, Outcome.PASSED)
    assert skips == {
        "D11[web]": "service.web has no entrypoint of a framework with a url",
        "D12[web]": "service.web has no migrations",
        "D13[web]": "web has no DATABASE_URL in its environment",
        "D14[web]": "web has no redis:// address in its environment",
        "D17": "runtime process sets no limit on memory",
        "D18": "no answer with the same status is known from before this release",
        "D19[none]": "no page is configured",
        "D26": f"GET http://127.0.0.1:{site.port}/ answers 200, and no page that loads files",
        "D27": "nothing served before",
        "D28[web]": "web mounts no volume and no folder of the host to write to",
        "D29": "an endpoint says what GET / answers (D09)",
        "D30": "nothing is known to have answered before: no baseline, or no page that could be asked",
        "D34[web]": "runtime process runs one instance of each service",
        "D33": "no address is configured where nobody may be reached",
        "D16[none]": "no heartbeat is configured",
        "D24[none]": "no webhook is configured",
        "D23[none]": "no sql is configured",
        "D36": "no visitor is configured",
        "D38": "no file with a fingerprint is known that the page before named",
        "D37": "runtime process starts no first process of a container",
        "D35[none]": "no command is configured for postdeploy",
        "D32[web]": "no log file is configured",
        "D31": "no page is known to be new with this release",
    }
    assert "s4fguarded-thing" not in run.out + run.err + (run.result.model_dump_json() if run.result else "")
    assert "YWRhOnM0Zmd1YXJkZWQtdGhpbmc=" not in (run.result.model_dump_json() if run.result else "")


def test_a_variable_that_is_not_set_is_inconclusive(site: Deployed) -> None:
    """A request that cannot be sent says nothing about the endpoint."""
    assert found(site, "D09[GET /absent]", "endpoint") == (
        Outcome.INCONCLUSIVE,
        "GET /absent: ${NOBODY_SET_IT}: found no such variable in .env, expected one; set it there",
    )


@pytest.mark.parametrize(
    ("answer", "outcome", "message"),
    [
        ([500, {}, "hello", 0], Outcome.FAILED, "GET /: status: found 500, expected 200"),
        (
            [429, {"Retry-After": "3600"}, "slow down", 0],
            Outcome.INCONCLUSIVE,
            "GET /: found 429, a limit on requests; ask again later",
        ),
        ([200, {}, "bye", 0], Outcome.FAILED, 'GET /: text: found "bye" (3 characters), expected "hello"'),
        ([200, {}, "hello", 8], Outcome.FAILED, "GET /: found no answer within 5.5 s, expected one within 0.5 s"),
    ],
    ids=["status", "limit", "text", "silence"],
)
def test_endpoint_is_red(site: Deployed, answer: list[Any], outcome: Outcome, message: str) -> None:
    """A wrong answer fails; a limit on requests is inconclusive."""
    site.answer({**HELLO, "/": answer})

    assert found(site, "D09[GET /]", "endpoint") == (outcome, message)


@pytest.mark.thorough
def test_an_endpoint_that_became_much_slower(site: Deployed) -> None:
    """Twenty times the baseline warns, a hundred times is red where no `within` allows it; alone nobody knows."""
    kept = site.run / "baseline.json"
    before = site.ask("postdeploy", "endpoint", role=Role.BASELINE)
    assert before.result is not None
    figures = [one.value["value"] for one in before.check("D09[GET /admin]").evidence if one.kind == "measure"]
    told = before.result.model_dump_json()
    site.answer({**HELLO, "/admin": [200, {}, "@AUTH@", 1.1]})
    alone = found(site, "D09[GET /admin]", "endpoint")
    kept.write_text(told.replace(json.dumps(figures[0]), "0.02"))  # on a busy machine too
    twenty = found(site, "D09[GET /admin]", "endpoint")
    kept.write_text(told.replace(json.dumps(figures[0]), "0.005"))
    hundred = found(site, "D09[GET /admin]", "endpoint")
    kept.unlink()

    said = r"GET /admin: found 1\.\d s at best of 3, 0\.0\d s before this release; "
    assert alone == (Outcome.PASSED, "")
    assert (twenty[0], hundred[0]) == (Outcome.WARNED, Outcome.FAILED)
    assert re.fullmatch(said + "if that is too long, within of this endpoint may say so", twenty[1])
    assert re.fullmatch(said + "expected no such change, or within = … that allows it", hundred[1])


ORIGINS = """
[[env.test.endpoint]]
request = "GET /v1"
origins = ["https://www.shop.example"]

[[env.test.endpoint]]
request = "GET /open"
origins = ["*"]
"""
MAY = "Access-Control-Allow-Origin"


def test_sites_whose_pages_may_read_an_answer(deploy: Callable[..., Deployed]) -> None:
    """D09 asks as from each that `origins` names, and as from another one; without the key nobody is asked so."""
    site = deploy(environment=ORIGINS)
    site.answer({"/v1": [200, {MAY: "https://www.shop.example"}, "", 0], "/open": [200, {MAY: "*"}, "", 0]})
    site.start()
    well = [found(site, code, "endpoint") for code in ("D09[GET /v1]", "D09[GET /open]")]
    site.answer({"/v1": [200, {MAY: "*"}, "", 0], "/open": [200, {}, "", 0]})
    red = [found(site, code, "endpoint") for code in ("D09[GET /v1]", "D09[GET /open]")]
    site.answer({"/v1": [200, {MAY: "https://shop.example"}, "", 0]})

    assert well == [(Outcome.PASSED, "")] * 2
    assert red == [
        (Outcome.FAILED, f"GET /v1: {MAY} for a page of any other site: found *, expected none"),
        (
            Outcome.FAILED,
            f"GET /open: {MAY} for a page of https://elsewhere.invalid: found none, expected "
            "https://elsewhere.invalid or *",
        ),
    ]
    assert found(site, "D09[GET /v1]", "endpoint") == (
        Outcome.FAILED,
        f"GET /v1: {MAY} for a page of https://www.shop.example: found https://shop.example, expected "
        "https://www.shop.example or *",
    )


def test_what_was_written_meanwhile_stands_beside_a_red_answer(site: Deployed) -> None:
    """The last lines of what runs, redacted; of the first red checks, and of no green one."""
    site.log("the lamp is broken\n")
    site.answer({**HELLO, "/admin": [500, {}, "", 0]})
    run = site.ask("postdeploy", "endpoint")
    red = run.check("D09[GET /admin]")
    green = next(one for one in run.result.checks if one.code != red.code) if run.result else red

    assert red.outcome is Outcome.FAILED
    lines = next(one.value for one in red.evidence if one.title == "Last lines of web")
    assert lines.splitlines()[-1] == "the lamp is broken"
    assert not any(one.title.startswith("Last lines") for one in green.evidence)


def test_two_workers_find_the_same(site: Deployed) -> None:
    """Asked by two workers, every check has the verdict that one process gives it."""
    alone = site.ask("postdeploy")
    together = site.ask("postdeploy", "", workers=2)

    assert together.outcomes() == alone.outcomes()


def test_workers_of_the_environment_ask_a_bare_gate(deploy: Callable[..., Deployed]) -> None:
    """`workers` is taken by whoever runs pytest, and every check has the verdict that one process gives it."""
    site = deploy(environment="workers = 2\n" + ENDPOINTS, env="ADMIN_PASSWORD=s4fguarded-thing\n")
    site.answer(HELLO)
    site.start()
    words = ("-m", "postdeploy", "--env", "test")
    together = site.gates.bare(site.root, *words)
    alone = site.gates.bare(site.root, *words, "-n", "0")

    assert "2 workers" in together.out
    assert "workers" not in alone.out
    assert together.outcomes() == alone.outcomes()


def test_an_unhealthy_instance_is_red(site: Deployed) -> None:
    """An instance that runs and does not pass its health check is named."""
    site.answer({**HELLO, "/healthz": [503, {}, "", 0]})
    record = Instances(site.state.root).read("web")

    assert found(site, "D02", "is_healthy") == (
        Outcome.FAILED,
        f"found {record} unhealthy; expected 1 healthy instances",
    )


def test_liveness_is_red(site: Deployed) -> None:
    """A wrong status is red."""
    site.answer({**HELLO, "/healthz": [503, {}, "", 0]})

    assert found(site, "D06", "alive") == (
        Outcome.FAILED,
        f"http://127.0.0.1:{site.port}/healthz: status: found 503, expected 200",
    )


def test_a_home_page_may_lead_to_what_it_shows(deploy: Callable[..., Deployed]) -> None:
    """Where that answers 200 at the same address: a sign-in page; and any path may lack its last slash.

    Where it does not, where it stands elsewhere, or where a health page leads to a sign-in page, D06 is red.
    """
    site = deploy(service='health = { live = "/" }\n')
    site.answer({"/": [302, {"Location": "/login"}, "", 0], "/login": [200, {}, "", 0]})
    site.start()  # which waits for an answer to /
    home = found(site, "D06", "alive")
    site.answer({"/": [302, {"Location": "/login"}, "", 0], "/login": [500, {}, "", 0]})
    broken = found(site, "D06", "alive")
    site.answer({"/": [302, {"Location": "/"}, "", 0]})
    endless = found(site, "D06", "alive")
    site.answer(
        {"/": [200, {}, "", 0], "/healthz": [301, {"Location": "/healthz/"}, "", 0], "/healthz/": [200, {}, "", 0]}
    )
    slash = found(site, "D06", "alive")
    site.answer({"/": [200, {}, "", 0], "/healthz": [302, {"Location": "/login"}, "", 0], "/login": [200, {}, "", 0]})
    hidden = found(site, "D06", "alive")

    assert (home[0], slash[0]) == (Outcome.PASSED, Outcome.PASSED)
    assert broken == (Outcome.FAILED, f"http://127.0.0.1:{site.port}/: status: found 500, expected 200")
    assert endless[0] is hidden[0] is Outcome.FAILED
    assert "it leads to /login: where that is well, write health.live_status = 302" in hidden[1]


def test_what_a_proxy_says_of_nobody_behind_it_is_one_finding(deploy: Callable[..., Deployed]) -> None:
    """The same 502 for the health page and for the front page is told by D06; D29 follows it."""
    site = deploy()
    site.start()
    bad = [502, {}, "Bad Gateway", 0]
    site.answer({"/": bad, "/healthz": bad})
    ended = site.ask("postdeploy", "alive or no_server_error")

    assert ended.outcomes() == {"D06": Outcome.FAILED, "D29": Outcome.FAILED}
    assert [one.check.code for one in findings(ended.checks)] == ["D06"]


def test_an_answer_of_another_release_is_red(site: Deployed) -> None:
    """An answer by the old release is no pass of the new one."""
    site.answer({**HELLO, "/healthz": [200, {}, '{"status": "ok", "commit": "0123456789abcdef"}', 0]})

    assert found(site, "D06", "alive") == (
        Outcome.FAILED,
        f"http://127.0.0.1:{site.port}/healthz: commit: found 0123456789abcdef, expected {site.release.id}",
    )


def test_a_part_that_is_not_ready_is_red(site: Deployed) -> None:
    """The part is named, with what it says."""
    text = json.dumps({"ok": False, "checks": [{"name": "db", "ok": False, "error": "too many connections"}]})
    site.answer({**HELLO, "/readyz": [503, {}, text, 0]})

    assert found(site, "D07", "ready") == (
        Outcome.FAILED,
        f"http://127.0.0.1:{site.port}/readyz: db: found too many connections, expected pass",
    )


def test_a_status_without_parts_is_red(site: Deployed) -> None:
    """A readiness page that only has a status speaks through it."""
    site.answer({**HELLO, "/readyz": [503, {}, "wait", 0]})

    assert found(site, "D07", "ready") == (
        Outcome.FAILED,
        f"http://127.0.0.1:{site.port}/readyz: status: found 503, expected 200",
    )


def test_migrations_are_excused_after_a_rollback(site: Deployed) -> None:
    """A schema that was accepted does not make the release that is back red where its readiness stays 200.

    Where that answers 503 the release is not ready, as a load balancer sees it, whoever accepted what.
    """
    text = json.dumps({"status": "unhealthy", "checks": [{"name": "migrations", "ok": False}]})
    address = f"http://127.0.0.1:{site.port}/readyz"
    site.answer({**HELLO, "/readyz": [200, {}, text, 0]})
    ready = found(site, "D07", "ready", accepted=("0003",))
    document = found(site, "D08", "health_document", accepted=("0003",))
    site.answer({**HELLO, "/readyz": [503, {}, text, 0]})

    assert ready == (Outcome.WARNED, "migrations: red, as accepted after a rollback")
    assert document == (Outcome.WARNED, f"degraded: {address}")
    assert found(site, "D07", "ready", accepted=("0003",)) == (
        Outcome.FAILED,
        f"{address}: status: found 503 because of migrations: the schema stayed ahead of this release, and its readiness "
        "does not accept that; expected 200",
    )
    assert found(site, "D07", "ready") == (Outcome.FAILED, f"{address}: migrations: found fail, expected pass")


@pytest.mark.parametrize(
    ("status", "outcome", "message"),
    [
        ("degraded", Outcome.WARNED, "degraded: {address}"),
        ("unhealthy", Outcome.FAILED, "{address}: found unhealthy, expected healthy"),
    ],
)
def test_health_document(site: Deployed, status: str, outcome: Outcome, message: str) -> None:
    """Degraded warns, unhealthy is red, although the page answers 200."""
    site.answer({**HELLO, "/healthz": [200, {}, json.dumps({"status": status}), 0]})
    address = f"http://127.0.0.1:{site.port}/healthz"

    assert found(site, "D08", "health_document") == (outcome, message.format(address=address))


def test_health_document_says_what_is_asked_for(deploy: Callable[..., Deployed]) -> None:
    """A moment that is too long ago is red although the page says ok; a status that is stated is judged by that alone."""
    stated = "{ 'age(\"data.synced_at\")' = '< 20m', status = 'matches ok|degraded' }"
    site = deploy(service=f"health = {{ live = '/healthz', timeout = '20s', stable_for = '1s', json = {stated} }}\n")
    site.start()
    page = {"status": "degraded", "data": {"synced_at": (datetime.now(UTC) - timedelta(minutes=45)).isoformat()}}
    site.answer({**HELLO, "/healthz": [200, {}, json.dumps(page), 0]})
    outcome, message = found(site, "D08", "health_document")

    assert outcome is Outcome.FAILED
    assert message == (
        f'http://127.0.0.1:{site.port}/healthz: JSON age("data.synced_at"): found 45 min old, expected an age < 20m'
    )


def test_an_instance_of_another_release_is_red(site: Deployed) -> None:
    """What runs must have been started from the release that is judged."""
    outcome, message = found(site, "D04", "of_this_release", id="20200101T000000-0000000")

    assert outcome is Outcome.FAILED
    assert message.endswith(f"of release {site.release.id}; expected 1 instances of release 20200101T000000-0000000")


def test_code_that_was_changed_is_red(site: Deployed) -> None:
    """A file edited where the release runs is found, by its content."""
    path = site.release.root / "server.py"
    before = path.read_bytes()
    path.write_bytes(before + b"# edited by hand\n")
    outcome, message = found(site, "D05[web]", "instance_runs")
    path.write_bytes(before)

    assert outcome is Outcome.FAILED
    assert message.endswith(
        f"are not those of {site.release.commit:.7}; {path}: found another content, "
        f"expected what commit {site.release.commit:.7} has"
    )


def test_what_the_application_writes_itself_is_no_stale_code(site: Deployed) -> None:
    """A log that git tracks grows while it runs; the same file with yesterday's time, or an earlier content, is stale."""
    path = site.release.root / "gonogo.toml"
    before = path.read_bytes()
    path.write_bytes(before + b"# a line of a log\n")
    grown = found(site, "D05[web]", "instance_runs")
    os.utime(path, (1.0, 1.0))
    hidden, _ = found(site, "D05[web]", "instance_runs")
    path.write_bytes(before)

    assert grown == (Outcome.PASSED, "")
    assert hidden is Outcome.FAILED


def test_a_database_in_the_releases_own_folder_is_named(site: Deployed) -> None:
    """The next release would begin with an empty one; outside of prod that is a warning."""
    path = site.release.root / "app.db"
    none = site.ask("predeploy", "left_behind", serving=site.release).check("P46")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("create table alembic_version (version_num text)")
        connection.commit()
    there = site.ask("predeploy", "left_behind", serving=site.release).check("P46")
    path.unlink()

    assert (none.outcome, none.found) == (Outcome.PASSED, "")
    assert (there.outcome, there.found) == (
        Outcome.WARNED,
        f"found {path}, which goes with the release that serves",
    )


def test_an_error_in_the_log_is_red(site: Deployed) -> None:
    """A new error fails; one that is allowed, that the baseline knew, or that was there in the baseline does not."""
    site.log("ERROR: known trouble 7\n")
    allowed = found(site, "D15", "logged")
    site.log("ERROR: cannot write invoice 1234\n")
    red = found(site, "D15", "logged")
    before = site.ask("postdeploy", "logged", role=Role.BASELINE)
    assert before.result is not None
    (site.run / "baseline.json").write_text(before.result.model_dump_json())
    known = found(site, "D15", "logged")
    (site.run / "baseline.json").unlink()

    assert allowed == (Outcome.PASSED, "")
    assert red == (
        Outcome.FAILED,
        "1 new error in the logs; web: found ERROR: cannot write invoice 1234; expected none",
    )
    assert (before.check("D15").outcome, before.check("D15").found) == (
        Outcome.WARNED,
        "1 error in the logs already: web: found ERROR: cannot write invoice 1234",
    )
    assert known == (Outcome.PASSED, "")


def test_downtime_over_the_budget_holds(site: Deployed) -> None:
    """Seconds down before the moves settled are compared with the budget; going back cannot mend them."""
    (site.run / FILE).unlink(missing_ok=True)
    probe = site.run / "probe.jsonl"
    requests = [{"at": at / 10, "ok": not 10 <= at < 45, "status": None, "seconds": 0.01} for at in range(60)]
    lines = [*requests, {"at": 6.0, "mark": "settled"}]
    probe.write_text("".join(json.dumps(line) + "\n" for line in lines))
    red = site.ask("postdeploy", "downtime", serving=site.release).check("D27")
    back = found(site, "D27", "downtime", serving=site.release, role=Role.ROLLBACK)
    probe.write_text(json.dumps(requests[0]) + "\n" + json.dumps({"at": 1.0, "mark": "settled"}) + "\n")
    green = found(site, "D27", "downtime", serving=site.release)
    probe.write_text("")
    empty = found(site, "D27", "downtime", serving=site.release)
    probe.unlink()

    assert (red.outcome, red.on_red, red.found) == (
        Outcome.FAILED,
        OnRed.HOLD,
        "downtime: found 3.5 s (35 of 60 requests failed), expected at most 2 s",
    )
    assert back == (Outcome.SKIPPED, "going back is not judged by time spent")
    assert green == (Outcome.PASSED, "")
    assert empty == (Outcome.INCONCLUSIVE, f"{probe}: found no request, expected those of the downtime probe")
    assert found(site, "D27", "downtime", serving=site.release) == (
        Outcome.SKIPPED,
        "no probe asked from outside in this run",
    )


def test_a_process_that_ended_is_red(deploy: Callable[..., Deployed]) -> None:
    """Without its process the service is down: D01 names it, what asks the instance waits, what is refused follows."""
    site = deploy(environment='[[env.test.endpoint]]\nrequest = "GET /"\n')
    site.answer({"/": [200, {}, "", 0]})
    site.start()
    record = Instances(site.state.root).read("web")
    assert record is not None
    for process in family(record):
        process.kill()
        process.wait(10)
    run = site.ask("postdeploy")
    refused = run.check("D09[GET /]")

    assert run.code == Exit.NO_GO
    assert run.check("D01").outcome is Outcome.FAILED
    assert run.check("D01").found.startswith("found ")
    assert run.check("D01").found.endswith("; expected 1 running instances")
    assert run.check("D05[web]").outcome is Outcome.SKIPPED
    assert run.check("D05[web]").found.startswith("not asked: web: found ")
    below = findings(run.checks)
    assert [one.check.code for one in below] == ["D01"]
    assert {check.code for check in below[0].red} == {"D06", "D07", "D08", "D09[GET /]"}
    assert {check.code for check in below[0].unasked} == {"D05[web]", "D13[web]", "D14[web]"}
    assert refused.outcome is Outcome.FAILED
    assert "Connection refused" in refused.found


def test_a_name_that_does_not_resolve_is_inconclusive(deploy: Callable[..., Deployed]) -> None:
    """A name that is not known here says nothing about the release."""
    site = deploy(environment='url = "http://gonogo.invalid"\n[[env.test.endpoint]]\nrequest = "GET /"\n')
    check = site.ask("postdeploy", "endpoint").check("D09[GET /]")

    assert check.outcome is Outcome.INCONCLUSIVE
    assert check.found.startswith("http://gonogo.invalid/: the name does not resolve here (")


def test_an_address_without_a_way_is_inconclusive(deploy: Callable[..., Deployed]) -> None:
    """The network of who asks is cut; a connection to a broadcast address is refused by this machine itself."""
    site = deploy(environment='url = "http://255.255.255.255"\n[[env.test.endpoint]]\nrequest = "GET /"\n')
    check = site.ask("postdeploy", "endpoint").check("D09[GET /]")

    assert check.outcome is Outcome.INCONCLUSIVE
    assert check.found.startswith("http://255.255.255.255/: there is no way to it from here (")


def test_a_dead_proxy_of_the_deployer_is_inconclusive(
    deploy: Callable[..., Deployed], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who refused the connection was not the release."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    site = deploy(environment='url = "http://gonogo.invalid"\n[[env.test.endpoint]]\nrequest = "GET /"\n')
    check = site.ask("postdeploy", "endpoint").check("D09[GET /]")

    assert check.outcome is Outcome.INCONCLUSIVE
    assert check.found.startswith(
        "http://gonogo.invalid/: could not be asked through the proxy of this machine, HTTP_PROXY ("
    )


def test_a_crash_while_watched_is_red(deploy: Callable[..., Deployed]) -> None:
    """A process that ends while it is watched is caught, although it ran when it was first looked at."""
    dying = (
        "import pathlib, time\n"
        "home = next(one for one in pathlib.Path.cwd().parents if one.name.startswith('deployed'))\n"
        "while not any('restarts' in one.read_text() for one in home.rglob('*.asking')):\n"
        "    time.sleep(0.2)\n"
        "time.sleep(7)\n"
    )
    site = deploy(files={"dying.py": dying}, service='\n[service.jobs]\ncommand = "{python} dying.py"\n')
    site.start()
    window = site.release.root / "gonogo.toml"
    window.write_text(window.read_text().replace('stable_for = "1s"', 'stable_for = "15s"'))
    check = site.ask("postdeploy", "restarts").check("D03")

    assert check.outcome is Outcome.FAILED
    assert check.found.endswith("within 15 s; expected instances that keep running")
    assert "exited" in check.found


def test_the_baseline_is_read_by_code(site: Deployed) -> None:
    """Only what D15 noted counts as known; another check's evidence of the same title does not."""
    noted = Evidence(title="Error signatures", kind="json", value={"web": ["cannot write invoice <n>"]})
    other = CheckResult(id="x", code="X1", stage=Stage.POSTDEPLOY, outcome=Outcome.PASSED, evidence=(noted,))
    gate = GateResult(stage=Stage.POSTDEPLOY, env="test", started=site.release.created, checks=(other,))
    site.log("ERROR: cannot write invoice 99\n")
    (site.run / "baseline.json").write_text(gate.model_dump_json())
    outcome, _ = found(site, "D15", "logged")
    (site.run / "baseline.json").unlink()

    assert outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("url", "outcome", "said"),
    [
        (
            "http://127.0.0.1:1",
            Outcome.FAILED,
            "found no connection, expected status 200 from what answers there; web answers 200 on port",
        ),
        ("http://gonogo.invalid", Outcome.INCONCLUSIVE, "the name does not resolve here"),
    ],
)
def test_a_wrong_public_address_is_told_apart_from_a_name_nobody_knows(
    deploy: Callable[..., Deployed], url: str, outcome: Outcome, said: str
) -> None:
    """D06 accuses what stands in front only where it refused, and the release answers well when it is asked directly."""
    site = deploy(environment=f'url = "{url}"\n')
    site.answer(HELLO)
    site.start()
    check = site.ask("postdeploy", "release_is_alive").check("D06")

    assert check.outcome is outcome
    assert said in check.found


def test_an_endpoint_that_is_asked_many_times(deploy: Callable[..., Deployed]) -> None:
    """Nineteen of twenty answers must come in time, and each must be right; D33 is red where somebody answers."""
    several = '\n[[env.test.endpoint]]\nrequest = "GET /many"\nrepeat = 3\nwithin = "300ms"\n'
    free = free_port()
    site = deploy(environment=f'refused = ["127.0.0.1:{free}"]\n{several}')
    site.start()
    site.answer({"/many": [200, {}, "", 0]})
    well = site.ask("postdeploy", "endpoint or nobody_answers")
    site.answer({"/many": [200, {}, "", 0.4]})
    slow = site.ask("postdeploy", "endpoint").check("D09[GET /many]")
    with socket.create_server(("127.0.0.1", free)):
        opened = site.ask("postdeploy", "nobody_answers").check("D33")

    assert well.outcomes() == {"D09[GET /many]": Outcome.PASSED, "D33": Outcome.PASSED}
    assert slow.outcome is Outcome.FAILED
    assert re.fullmatch(r"GET /many, asked 3 times: p95: found [4-9]\d\d ms, expected at most 300 ms", slow.found)
    assert (opened.outcome, opened.found) == (
        Outcome.FAILED,
        f"127.0.0.1:{free}: found somebody who answers, expected a refusal",
    )
