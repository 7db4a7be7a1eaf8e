"""What a deployment that went well does when its release goes wrong afterwards, and what it takes for nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.integration.deploy.conftest import GREEN, App

__all__: list[str] = []

WATCH = 'for = "8s", every = "200ms", unhealthy_for = "3s", slower_than = "400ms"'
SOON = """
import pathlib, threading, time

def watched():
    while not any(pathlib.Path("{state}").glob("runs/{{release}}/watch.subject.json")):
        time.sleep(0.05)
    time.sleep(2.0)
    {does}

threading.Thread(target=watched, daemon=True).start()
"""
"""What a release does two seconds after its watch began; stands above the application's main guard."""


def broken(app: App, does: str) -> str:
    """Commits a release that does something once it is watched; returns its short id."""
    path = app.root / "app.py"
    soon = SOON.replace("{state}", str(app.state)).replace("{{release}}", '" + os.environ["GONOGO_RELEASE"] + "')
    text = path.read_text().replace(
        'if __name__ == "__main__":', soon.replace("{does}", does) + '\nif __name__ == "__main__":'
    )
    path.write_text(text)
    return app.commit("broken later")


def red_codes(record: dict[str, Any]) -> set[str]:
    """The codes of what the run ended for."""
    return {cause["code"] for cause in record["causes"]}


ENDS = "os._exit(3)"
UNWELL = 'PAGES.update({"/healthz": (500, "no"), "/page": (500, "no")})'
TRACES = """for _ in range(60):
        print("Traceback (most recent call last):\\n  File \\"a.py\\", line 1, in f\\nKeyError: 1", flush=True)
        time.sleep(0.5)"""
WRONG = 'PAGES.update({"/page": (200, "another text")})'
ANOTHER = 'os.environ["GONOGO_RELEASE"] = "20200101T000000-1a2b3c4"'
"""Its pages name another release, as if that had got its place back."""
SLOW = """answer = Handler.do_GET
    Handler.do_GET = lambda self: (time.sleep(0.5), answer(self))"""
HANGS = "Handler.do_GET = lambda self: time.sleep(60)"
"""Its last request takes longer than what is left of the watch."""
LEAKS = """held = []
    while True:
        held.append(b"x" * (4 << 20))
        time.sleep(1)"""
STOPS = "BEATING.clear()"
BEATS = """
import threading, time
BEATING = threading.Event()
BEATING.set()

def beat():
    while True:
        if BEATING.is_set():
            open("{folder}/beat", "w").close()
        time.sleep(0.2)

threading.Thread(target=beat, daemon=True).start()
"""
ONE_OF_FOUR = """PAGES["/healthz"] = (500, "no")
    time.sleep(3600)"""
"""Of four processes that take requests from one socket, the one in which the thread runs."""
FOUR = (
    'http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()',
    """server = http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler)
    answer = Handler.do_GET
    Handler.do_GET = lambda self: (time.sleep(0.05), answer(self))
    children = []
    for _ in range(3):
        children.append(os.fork())
        if children[-1] == 0:
            break
    else:
        threading.Thread(target=watched, daemon=True).start()
    server.serve_forever()""",
)
BLIP = """PAGES.update({"/healthz": (500, "no")})
    print("Traceback (most recent call last):\\n  File \\"a.py\\", line 1, in f\\nKeyError: 1", flush=True)
    time.sleep(0.4)
    PAGES.update({"/healthz": (200, "alive")})"""


@pytest.mark.parametrize(
    ("does", "code"),
    [
        pytest.param(ENDS, "W04", id="ends"),
        pytest.param(UNWELL, "W01", id="unwell", marks=pytest.mark.thorough),
        pytest.param(HANGS, "W01", id="hangs", marks=pytest.mark.thorough),
        pytest.param(WRONG, "W02", id="wrong", marks=pytest.mark.thorough),
        pytest.param(ANOTHER, "W02", id="another answers", marks=pytest.mark.thorough),
        pytest.param(SLOW, "W03", id="slow", marks=pytest.mark.thorough),
        pytest.param(TRACES, "W07", id="logs errors", marks=pytest.mark.thorough),
    ],
)
def test_what_goes_wrong_later_is_turned_back(app: App, does: str, code: str) -> None:
    """The gate was green; the watch ends at once, and the release before serves again."""
    app.configure(watch=WATCH)
    first = app.commit("watched")
    assert app.deploy()[0].code == 0
    broken(app, does)

    ended, record = app.deploy()

    assert ended.code == 1, ended
    assert code in red_codes(record), ended
    steps = {step["name"]: step for step in record["steps"]}
    assert steps["postdeploy"]["ok"]
    assert not steps["watch"]["ok"]
    assert first in record["ending"] or record["went_back_to"].endswith(first)
    assert app.serving_text() == "hello"


@pytest.mark.thorough
def test_one_bad_process_of_several_is_met(app: App) -> None:
    """Requests that come one after the other nearly all go to the same process; while that is busy another one takes them."""
    app.configure(watch='for = "20s", every = "1s", unhealthy_for = "9s"')
    app.commit("watched")
    assert app.deploy()[0].code == 0
    path = app.root / "app.py"
    path.write_text(path.read_text().replace(*FOUR))
    broken(app, ONE_OF_FOUR)
    path.write_text(path.read_text().replace("threading.Thread(target=watched, daemon=True).start()\n\nif", "if"))
    app.commit("four processes")

    ended, record = app.deploy()

    assert ended.code == 1, ended
    assert "W02" in red_codes(record), ended
    assert "GET /healthz" in ended.out + ended.err


@pytest.mark.thorough
@pytest.mark.timeout(400)
def test_memory_that_climbs_is_a_warning(app: App) -> None:
    """A leak of four megabytes a second is told when the watch ends, and turns nothing back."""
    app.configure(watch='for = "95s", every = "500ms"')
    app.commit("watched")
    broken(app, LEAKS)

    ended, record = app.deploy()

    assert ended.code == 0, ended
    (told,) = [
        one
        for step in record["steps"]
        if step["name"] == "watch"
        for one in step["gate"]["checks"]
        if one["code"] == "W05"
    ]
    assert told["outcome"] == "warned"
    assert told["found"].startswith("found memory that climbs without a pause: web (pid "), told


@pytest.mark.thorough
def test_a_worker_that_stops_is_turned_back(app: App, tmp_path: Path) -> None:
    """It beat at the gate, and does not when the watch ends."""
    beats = BEATS.replace("{folder}", str(tmp_path))
    table = f'[[env.test.heartbeat]]\nname = "jobs"\nservice = "web"\nfile = "{tmp_path}/beat"\nwithin = "3s"'
    app.configure(watch=WATCH, tables=table)
    app.pages(GREEN, extra="")
    path = app.root / "app.py"
    path.write_text(path.read_text().replace('if __name__ == "__main__":', beats + '\nif __name__ == "__main__":'))
    app.commit("watched")
    assert app.deploy()[0].code == 0
    broken(app, STOPS)

    ended, record = app.deploy()

    assert ended.code == 1, ended
    assert red_codes(record) == {"W06[jobs]"}


FAILS = 'PAGES.update({"/metrics": (200, "jobs_failed_total{queue=\\"mail\\"} 9\\n")})'
METRICS = """
[[env.test.metric]]
name = "failed-jobs"
metric = "jobs_failed_total"
labels = { queue = "mail" }
expect = "< 5"
for = "3s"

[[env.test.metric]]
name = "pool"
metric = "pool_free"
expect = "> 0"
"""


@pytest.mark.thorough
def test_a_metric_that_goes_wrong_is_turned_back(app: App) -> None:
    """The watch ends with it; a metric that is not there warns, and turns nothing back."""
    app.pages({**GREEN, "/metrics": (200, 'jobs_failed_total{queue="mail"} 2\n')})
    path, begin = app.root / "app.py", "        self.send_response(status)\n"
    raw = f'        body = text.encode() if self.path == "/metrics" else body\n{begin}'
    path.write_text(path.read_text().replace(begin, raw))
    app.configure(watch=WATCH, tables=METRICS)
    app.commit("watched")
    well, first = app.deploy()
    broken(app, FAILS)

    ended, record = app.deploy()

    (green,) = (check for check in _watched(first) if check["code"] == "W08")
    (red,) = (check for check in _watched(record) if check["code"] == "W08")
    assert (well.code, green["outcome"]) == (0, "warned"), well
    assert "pool: GET /metrics: found no pool_free, expected the metric" in str(green)
    assert ended.code == 1, ended
    assert red_codes(record) == {"W08"}
    assert 'failed-jobs: found jobs_failed_total{queue="mail"} 9, for ' in red["found"]


def _watched(record: dict[str, Any]) -> list[dict[str, Any]]:
    """The checks of a run's watch."""
    checks: list[dict[str, Any]] = next(step["gate"] for step in record["steps"] if step["name"] == "watch")["checks"]
    return checks


@pytest.mark.thorough
def test_errors_that_only_a_file_has_are_turned_back(app: App, tmp_path: Path) -> None:
    """In a file that was not there when the watch began; what stood in another one from the start does not count."""
    app.configure(watch=WATCH, options=f'logs = {{ files = ["{tmp_path}/*.log"] }}')
    (tmp_path / "old.log").write_text("ERROR db: refused\n" * 9)
    first = app.commit("watched")
    assert app.deploy()[0].code == 0
    broken(app, TRACES.replace("flush=True", f'flush=True, file=open("{tmp_path}/jobs.log", "a")'))

    ended, record = app.deploy()

    assert (ended.code, red_codes(record)) == (1, {"W07"}), ended
    assert record["went_back_to"].endswith(first)
    found = next(cause["found"] for cause in record["causes"])
    assert f"{tmp_path}/jobs.log: found KeyError: 1" in found
    assert "old.log" not in found


@pytest.mark.thorough
def test_what_is_well_again_is_no_red(app: App) -> None:
    """A moment without an answer, one traceback: any release has that."""
    app.configure(watch=WATCH)
    app.commit("watched")
    broken(app, BLIP)

    ended, record = app.deploy()

    assert ended.code == 0, ended
    watch = next(step["gate"] for step in record["steps"] if step["name"] == "watch")
    told = {check["code"]: check["outcome"] for check in watch["checks"]}
    assert told["W01"] == "passed"
    assert told["W07"] == "warned"


@pytest.mark.thorough
def test_an_endpoint_that_was_red_before_is_left_alone(app: App) -> None:
    """It turned no release back at the gate, and does not at the watch."""
    app.pages({**GREEN, "/page": (500, "hello")})
    app.configure(
        watch=WATCH, tables='[[env.test.waive]]\ncheck = "D09"\nuntil = 2999-01-01\nowner = "us"\nreason = "known"'
    )
    app.commit("known")

    ended, record = app.deploy()

    assert ended.code == 0, ended
    watch = next(step["gate"] for step in record["steps"] if step["name"] == "watch")
    assert {check["code"]: check["outcome"] for check in watch["checks"]}["W02"] == "passed"


@pytest.mark.thorough
def test_what_may_be_slow_or_wrong_is_no_red(app: App) -> None:
    """An endpoint whose ``within`` allows it, and one that only warns at the gate, end no watch."""
    allowed = """
[[env.test.endpoint]]
request = "GET /report"
within = "20s"

[[env.test.endpoint]]
request = "GET /odd"
severity = "advisory"
"""
    app.pages({**GREEN, "/report": (200, "all of it"), "/odd": (200, "odd")})
    app.configure(watch=WATCH, tables=allowed)
    app.commit("watched")
    slow = """answer = Handler.do_GET
    Handler.do_GET = lambda self: (time.sleep(0.6 * (self.path == "/report")), answer(self))
    PAGES.update({"/odd": (500, "odd")})"""
    broken(app, slow)

    ended, record = app.deploy()

    assert ended.code == 0, ended
    watch = next(step["gate"] for step in record["steps"] if step["name"] == "watch")
    told = {check["code"]: check["outcome"] for check in watch["checks"]}
    assert (told["W02"], told["W03"]) == ("passed", "passed")


def test_a_bare_watch_is_one_look(app: App) -> None:
    """``pytest -m watch`` tells how what serves is now; an environment of tier dev is not watched in a deployment."""
    ended, record = app.deploy()
    assert ended.code == 0
    assert "watch" not in {step["name"] for step in record["steps"]}

    looked = app.gonogo("ask", "watch", "--env", "test")

    assert looked.code == 0, looked
    assert "GO  watch of test" in looked.out + looked.err


@pytest.mark.thorough
def test_what_serves_is_watched_beside_deployments(app: App) -> None:
    """``gonogo watch``: well for as long as it looks; a process of its own where that is asked for, which can be ended."""
    assert app.deploy()[0].code == 0

    looked = app.gonogo("watch", "--env", "test", "--for", "2s")
    detached = app.gonogo("watch", "--env", "test", "--for", "1h", "--detach", "--json")
    second = app.gonogo("watch", "--env", "test", "--for", "1s")
    stopped = app.gonogo("watch", "--env", "test", "--stop")
    status = app.gonogo("watch", "--env", "test", "--status", "--json")

    assert looked.code == 0, looked
    assert " is well (" in looked.err
    assert detached.code == 0, detached
    assert second.code == 1
    assert "somebody watches since" in second.err
    assert stopped.err.startswith("ended; it watch"), stopped
    assert not psutil.pid_exists(status.json()["pid"])


@pytest.mark.thorough
def test_a_watch_goes_back_where_that_is_asked_for(app: App) -> None:
    """What serves has ended: told with exit 1; with ``--rollback`` the release before serves again, proven."""
    assert app.deploy()[0].code == 0
    app.pages({**GREEN, "/new": (200, "new")})
    assert app.deploy()[0].code == 0
    app.close()

    told = app.gonogo("watch", "--env", "test", "--for", "4s")
    back = app.gonogo("watch", "--env", "test", "--for", "4s", "--rollback")

    assert (told.code, back.code) == (1, 1), back
    assert "W04" in told.err
    assert "gonogo rollback --env test" in told.err
    assert app.ask("/new") is not None
    assert app.ask("/new")[0] == 404  # type: ignore[index]
    assert app.serving_text() == "hello"
