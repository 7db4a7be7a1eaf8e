"""Whether what was deployed keeps serving."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import pytest

from gonogo.checks.postdeploy import logged
from gonogo.checks.postdeploy.beating import look
from gonogo.checks.postdeploy.instances import RESTARTS, measured, noted, running
from gonogo.checks.watch.observing import Observed, observe
from gonogo.config import Environment, Heartbeat, Service
from gonogo.gates.subject import Subject
from gonogo.host.runner import Host
from gonogo.inspection import things
from gonogo.inspection.answers.expectations import p95
from gonogo.inspection.answers.pairs import Half, Pair
from gonogo.inspection.answers.slower import is_slower
from gonogo.inspection.answers.watched import climb
from gonogo.plugins.evidence import Collected, InconclusiveError
from gonogo.plugins.limits import Limits
from gonogo.records.results import GateResult
from gonogo.runtimes.base import Inspector, Place
from gonogo.state.release import Release

__all__: list[str] = []

pytestmark = pytest.mark.xdist_group("watch")

_SHOWN = 20
_OFTEN = 2.0
"""A service whose instances ended before this release too, within so many times the watch, is nothing new."""
_MIB = 1 << 20


@pytest.fixture(scope="module")
def seen(
    release: Release,  # noqa: ARG001 (nothing is watched before the first one)
    environment: Environment,
    subject: Subject,
    inspector: Inspector,
    place: Place,
    limits: Limits,
    runner: Host,
) -> Observed:
    """What was seen of the release, watched once for all checks."""
    return observe(
        environment=environment, subject=subject, inspector=inspector, place=place, limits=limits, runner=runner
    )


@pytest.mark.watch(
    "W01",
    needs=("a URL",),
    reads=("watch.unhealthy_for",),
    says_alive=True,
    never_excused=True,
    remedy="Read the log of that moment: gonogo status --env {env} names what runs",
)
def test_nothing_is_unwell_for_long(seen: Observed, evidence: Collected) -> None:
    """No health page and no health check was unwell for longer than `watch.unhealthy_for` without a break.

    Catches the release that was well when its gate asked, and is not a minute later. What is unwell when the watch
    would end is watched on until it is well again, or has been unwell for too long.

    No before and after: what turned unwell is said by the release itself.
    """
    if not seen.looked and not seen.asked and not seen.at_once:
        raise InconclusiveError("neither the runtime nor the address answered while it was watched")
    _attach(seen, evidence)
    long = seen.spells.longer_than(seen.unhealthy_for)
    wrong = [f"{one.thing}: {one.seconds:.0f} s unwell from {one.begin:.0f} s on ({one.said})" for one in long]
    assert not wrong, f"found {'; '.join(wrong)}; expected at most {seen.unhealthy_for:g} s without a break"


@pytest.mark.watch(
    "W02",
    needs=("a URL",),
    reads=("watch.max_errors",),
    remedy="Ask it yourself and read the application's log of that moment: gonogo status --env {env}",
)
def test_requests_are_answered(seen: Observed, evidence: Collected) -> None:
    """Health pages and endpoints that only read are answered rightly, but for a share of `watch.max_errors`.

    Catches errors in some requests only, and those that come with time: a pool that fills, a worker that dies. One bad
    moment is none: it must last fifteen seconds or come three times, and be more than chance, of one request or of all.
    A health page is asked four times in the watch by four requests of one moment, since one bad process of several is
    not met by requests that come one after the other.
    Endpoints that the release's own gate did not find well are left out; the others are asked more and more rarely,
    once a minute in the end.

    Before (app/database.py; an error keeps the connection for good):

        connection = pool.getconn()
        rows = connection.execute(query).fetchall()
        pool.putconn(connection)

    After (app/database.py):

        with pool.connection() as connection:
            rows = connection.execute(query).fetchall()
    """
    if seen.left_out:
        evidence.text("Not asked", f"not well at the gate: {', '.join(seen.left_out)}")
    if not seen.asked and not seen.at_once:
        pytest.skip("no address of the environment is known")
    red, each = seen.errors.red, sorted([*seen.asked, *seen.at_once], key=lambda one: one.at)
    asked = [one for one in each if red in {None, "", one.what}]
    bad = [one for one in asked if one.said]
    rows = [(f"{one.at:.0f} s", one.what, one.said) for one in bad[:_SHOWN]]
    evidence.table("Wrong answers", rows, header=("at", "request", "found"))
    evidence.measure("wrong", len(bad) / len(asked), limit=seen.errors.allowed)
    if red is None:
        for thing, (wrong, of) in seen.errors.doubtful.items():
            last = next((one.said for one in reversed(bad) if one.what == thing), "")
            evidence.warn(f"{thing}: {wrong} of {of} requests answered wrongly, the last: {last}; too few to be sure")
    said = f"{len(bad)} of {len(asked)} requests answered wrongly"
    assert red is None, (
        f"found {said} within {seen.seconds:.0f} s, the last: {bad[-1].what}: {bad[-1].said}; "
        f"expected at most {seen.errors.allowed:.0%} of {f'those to {red}' if red else 'all'}"
    )


@pytest.mark.watch(
    "W03",
    needs=("a URL",),
    reads=("watch.slower_than",),
    remedy="Look what it waits for at that moment: its database, a lock, another service",
)
def test_answers_come_in_time(seen: Observed, baseline: GateResult | None, evidence: Collected) -> None:
    """19 of 20 requests are answered within `watch.slower_than`, or what their endpoint allows beyond that.

    Warns where an endpoint takes a second or more, and twenty times what it took before this release.

    Before (app/rates.py):

        rates = httpx.get(RATES, timeout=None).json()

    After (app/rates.py; where nobody answers in time, what was last known will do):

        rates = httpx.get(RATES, timeout=2).json()
    """
    if not seen.asked:
        pytest.skip("no address of the environment is known")
    each = {what: [one.seconds for one in seen.asked if one.what == what] for what in {one.what for one in seen.asked}}
    rows = [(what, len(found), f"{p95(found) * 1000:.0f}") for what, found in sorted(each.items())]
    evidence.table("Answers", rows, header=("request", "times", "p95 in ms"))
    for what, found in sorted(each.items()):
        before = measured(baseline, f"D09[{what}]", "answer")
        if before is not None and is_slower(min(found), before):
            evidence.warn(f"{what}: found {min(found):.1f} s at best, {before:.2f} s before this release")
    red = seen.slow.red
    asked = [one for one in seen.asked if red in {None, "", one.what}]
    slow = [one for one in asked if one.is_slow]
    assert red is None, (
        f"found {len(slow)} of {len(asked)} requests slower than they may be within "
        f"{seen.seconds:.0f} s, the last: {slow[-1].what} in {slow[-1].seconds:.1f} s, expected {slow[-1].within:g} s "
        "in 19 of 20"
    )


@pytest.mark.watch(
    "W04",
    never_excused=True,
    remedy="Read its last lines under `evidence` in the report, mend what they name, deploy again",
)
def test_no_instance_ends(
    seen: Observed, inspector: Inspector, baseline: GateResult | None, evidence: Collected
) -> None:
    """No instance ends or is started again while it is watched.

    Catches the crash that comes after twenty, forty or ninety seconds, which a restart policy hides. Where the
    instances of that service ended about as often before this release, it is a warning; so is a service that nobody
    asks for anything and that ends with exit code 0 each time, a job that its restart policy brings round again.

    No before and after: why a process ends is said by its own last lines.
    """
    if not seen.looked:
        raise InconclusiveError("the runtime did not answer while it was watched")
    if not seen.first:
        pytest.skip("no instance runs on")
    for name, text in sorted(seen.came_round.items()):
        evidence.warn(f"{name}: {text}, each time after an end with exit code 0; a job that comes round may do so")
    lives = noted(baseline, "D03", RESTARTS)
    usual = {name for name, one in seen.first.items() if 0 < float(lives.get(one.service, 0)) <= _OFTEN * seen.wanted}
    for name in sorted(usual & set(seen.moved)):
        evidence.warn(f"{seen.moved[name]}; instances of that service ended as often before this release")
    red = {name: text for name, text in seen.moved.items() if name not in usual}
    services = sorted({seen.first[name].service for name in red})
    lines = inspector.logs(seen.began, around=True) if red else {}
    for name in services:
        evidence.text(f"Last lines of {name}", "\n".join(lines.get(name, [])[-_SHOWN:]) or "(it wrote nothing)")
    evidence.breaks(*map(things.end, services))
    assert not red, f"found {', '.join(red.values())} within {seen.seconds:.0f} s; expected instances that keep running"


@pytest.mark.watch(
    "W05",
    severity="advisory",
    remedy="Look what it keeps: a list or a cache without an end, connections that are not closed",
)
def test_memory_does_not_climb(seen: Observed, environment: Environment, evidence: Collected) -> None:
    """The memory of no instance climbs steadily while nobody but gonogo and its visitors ask.

    Catches a leak before the kernel does. A figure every fifteen seconds; the first minute and a half tells nothing.

    Before (app/prices.py):

        @functools.cache
        def price(postcode): ...

    After (app/prices.py):

        @functools.lru_cache(maxsize=1024)
        def price(postcode): ...
    """
    if not seen.memory:
        pytest.skip(f"runtime {environment.runtime} did not tell of memory")
    rows = [(name, *(f"{size // _MIB}" for _, size in series[:_SHOWN])) for name, series in seen.memory.items()]
    evidence.table("MiB in use, one look after the other", rows)
    climbing = climb(seen.memory)
    said = [f"{name} from {first // _MIB} to {last // _MIB} MiB" for name, (first, last) in climbing.items()]
    assert not said, f"found memory that climbs without a pause: {', '.join(said)} within {seen.seconds:.0f} s"


@pytest.mark.watch(
    "W06",
    needs=("heartbeat",),
    reads=("heartbeat",),
    remedy="Read the log of the service of heartbeat {param}, and look what it waits for",
)
def test_worker_goes_on_beating(
    heartbeat: Heartbeat, seen: Observed, environment: Environment, inspector: Inspector, evidence: Collected
) -> None:
    """When the watch ends, the worker's last beat is not older than `within`.

    Catches the worker that did one job and hangs in the next.

    Before (app/jobs.py):

        page = httpx.get(job.url, timeout=None)

    After (app/jobs.py):

        page = httpx.get(job.url, timeout=30)
    """
    inside = running(inspector, heartbeat.service)
    found = look(heartbeat, inside, environment.service.get(heartbeat.service, Service()))
    evidence.text(f"{heartbeat.file or heartbeat.key} in {heartbeat.service}", found)
    well = found.there and (found.age is None or found.age <= heartbeat.within)
    assert well, (
        f"{heartbeat.service}: {heartbeat.file or heartbeat.key}: found {found} after {seen.seconds:.0f} s, "
        f"expected one every {heartbeat.within:g} s"
    )


@pytest.mark.watch(
    "W07",
    needs=("logs of an instance",),
    reads=("logs",),
    remedy="Mend what is logged; or, if it is no error, allow it in [env.{env}.logs] allow of gonogo.toml",
)
def test_no_new_errors_come_again(seen: Observed, evidence: Collected) -> None:
    """No error is logged again and again that neither the release before nor this one's gate had in its log.

    Catches the job that fails every time, and the page that only visitors ask for. A traceback counts that comes twice,
    another line that comes three times; what comes less often is a warning, since any visitor may cause it. So count
    the files of `logs.files`.

    Before (gonogo.toml, where the line is no error):

        [env.prod.logs]
        allow = []

    After (gonogo.toml):

        [env.prod.logs]
        allow = ["no route to printer, trying again"]
    """
    if seen.logs_problem:
        raise InconclusiveError(f"the logs are not known: {seen.logs_problem}")
    each = seen.new_errors
    rows = [(name, group.count, group.example) for name, group in each]
    evidence.table("New errors", rows, header=("service", "times", "line"))
    red = seen.red_logs
    for name, group in each:
        if (name, group) not in red:
            evidence.warn(logged.said(name, group))
    evidence.needs(*dict.fromkeys(logged.cause(name.partition(":")[0], group) for name, group in red))
    said = [logged.said(name, group) for name, group in red]
    assert not said, f"{len(said)} new errors that came again within {seen.seconds:.0f} s, the first in {said[0]}"


@pytest.mark.watch(
    "W08",
    needs=("metric",),
    reads=("metric",),
    remedy="Look at the metric's own page and what it counts; `for` in [[env.{env}.metric]] says how long it may be so",
)
def test_metrics_are_as_they_should_be(seen: Observed, environment: Environment, evidence: Collected) -> None:
    """No configured metric is other than `expect` for as long as `for`, without a break.

    Catches what no answer shows: jobs that fail, a queue that fills, a pool without a free connection. A metric that is
    not there, and one that several processes count apart, is a warning: nobody knows what it is.

    Before (gonogo.toml, where it may be so for longer):

        [[env.prod.metric]]
        name = "queue"
        metric = "jobs_waiting"
        expect = "< 100"

    After (gonogo.toml):

        [[env.prod.metric]]
        name = "queue"
        metric = "jobs_waiting"
        expect = "< 100"
        for = "2m"
    """
    if not environment.metric:
        pytest.skip("no metric is configured")
    rows = [(one.rule.name, one.rule.label, one.looks, one.said) for one in seen.metrics]
    evidence.table("Metrics", rows, header=("name", "metric", "looks", "the last"))
    for one in seen.metrics:
        if one.problem or not one.looks:
            evidence.warn(f"{one.rule.name}: {one.problem or 'it was not looked at'}")
        elif one.began_again > 1:
            evidence.warn(
                f"{one.rule.name}: found {one.rule.label} smaller than before {one.began_again} times, expected one "
                "that only grows; where several processes answer, let one page count all (PROMETHEUS_MULTIPROC_DIR)"
            )
    red = [one for one in seen.metrics if one.is_red]
    found = "; ".join(
        f"{one.rule.name}: found {one.rule.label} {one.said}, for {one.longest:.0f} s, expected {one.rule.expect}"
        for one in red
    )
    assert not red, found


@pytest.mark.watch(
    "W09",
    needs=("canary",),
    reads=("canary",),
    remedy="Ask both yourself, past the proxy: their containers or processes are in gonogo status --env {env}",
)
def test_it_answers_as_well_as_the_release_beside_it(seen: Observed, evidence: Collected) -> None:
    """While two releases share the requests, the new one answers no worse than the other.

    Catches errors in a few requests and answers that take longer, without a user and without a threshold. Both are
    asked the same at the same moment, past the proxy, in alternating order; what troubles both counts for neither.
    Slower is what takes more than `canary.slower` times as long, and 50 ms longer. The first two pairs of each request
    are left out: a new release is cold.

    No before and after: the request that is answered worse is named, and what it waits for is the release's own.
    """
    if seen.pairs is None:
        pytest.skip("no release runs beside it that can be asked the same past the proxy")
    pairs = seen.pairs.all
    if not pairs:
        raise InconclusiveError("no pair of requests was answered: nothing is known of the new release")
    each = {what: [one for one in pairs if one.what == what] for what in dict.fromkeys(one.what for one in pairs)}
    rows = [
        (
            what,
            len(found),
            *(sum(bool(half.said) for half in halves) for halves in _halves(found)),
            *(f"{median(half.seconds for half in halves) * 1000:.0f}" for halves in _halves(found)),
        )
        for what, found in each.items()
    ]
    header = ("request", "pairs", "wrong: new", "wrong: the other", "ms: new", "ms: the other")
    evidence.table("In pairs", rows, header=header)
    assert not seen.pairs.red, f"found {seen.pairs.red}; expected answers as good as the other release's"


def _halves(found: Sequence[Pair]) -> tuple[list[Half], list[Half]]:
    return [one.new for one in found], [one.former for one in found]


def _attach(seen: Observed, evidence: Collected) -> None:
    """How long, and how often."""
    over = "; it ended early" if seen.is_over else ""
    evidence.text("Watched", f"{seen.seconds:.0f} s of {seen.wanted:.0f} s, {len(seen.asked)} requests{over}")
