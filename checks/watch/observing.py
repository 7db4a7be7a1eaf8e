"""One sampler watches what was deployed: asks, looks, reads; what it saw is judged by the checks of this stage."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gonogo.checks.postdeploy import logged
from gonogo.checks.postdeploy.lasting import Rounds
from gonogo.checks.watch.answered import wrong_at_once, wrong_with
from gonogo.checks.watch.pairing import EVERY, Pairing
from gonogo.checks.watch.scraping import Pages
from gonogo.config import Endpoint, Environment
from gonogo.errors import GonogoError
from gonogo.gates.asked import last_of
from gonogo.gates.subject import Subject
from gonogo.host.runner import Host
from gonogo.inspection.answers.followed import Followed
from gonogo.inspection.answers.logs import ErrorGroup
from gonogo.inspection.answers.pairs import Pairs
from gonogo.inspection.answers.watched import Asked, Spells, Troubles
from gonogo.plugins.evidence import InconclusiveError
from gonogo.plugins.limits import Limits
from gonogo.records.results import GateResult, read_gate
from gonogo.runtimes.base import LIMITED, Inspector, InstanceState, Place
from gonogo.words import OnRed, Outcome, Role, Severity, Stage

__all__ = ["Observed", "observe"]

_LOOK = 2.0
"""Seconds between two looks at the instances: what restarted is seen at the next one as well."""
_READ = 15.0
"""Seconds between two looks at what costs more: memory, logs."""
_SCRAPE = 5.0
"""Seconds between two looks at pages of metrics."""
_LIMITED = 5.0
"""Seconds between two requests where a limit on requests was met."""
_RARELY = 60.0
"""The longest pause between two requests to one endpoint: a limit of a hundred a day, shared by all who come through
one proxy, is the users'."""
_SPARSER = 0.1
"""The pause's share of the time that it was watched already."""
_AT_ONCE = 4
"""So many times in a watch a health page is asked several times at one moment: one bad process of several that answer
is not met by requests that come one after the other, which nearly all go to the same one."""
_AT_ONCE_AGAIN = 5.0
"""Seconds until the next time, where some of these were wrong."""
_HUNG = 30.0
"""Seconds beyond that for requests that nobody answers: the last one must not have the last word."""
_SLOW = 0.05
"""The share of requests that may be slow: 19 of 20 are not."""
_AT_LEAST = 3
"""Of a line without a traceback; one that a visitor causes now and then is no release's fault."""
_TRACEBACKS = 2


@dataclass(kw_only=True)
class Observed:
    """What was seen."""

    began: datetime
    seconds: float = 0.0
    wanted: float
    asked: list[Asked] = field(default_factory=list)
    at_once: list[Asked] = field(default_factory=list)
    """Requests to a health page that were sent several at a time; how long these took says nothing."""
    left_out: tuple[str, ...] = ()
    """Endpoints that were not well when the watch began."""
    errors: Troubles
    slow: Troubles
    spells: Spells = field(default_factory=Spells)
    unhealthy_for: float
    first: dict[str, InstanceState] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    """Instances that ended or were started again, one text each."""
    came_round: dict[str, str] = field(default_factory=dict)
    """Instances that ended well and were started again, one text each."""
    looked: bool = False
    """Whether the runtime answered at all."""
    memory: dict[str, list[tuple[float, int]]] = field(default_factory=dict)
    logs: dict[str, list[ErrorGroup]] = field(default_factory=dict)
    """Service → the errors that were not known before the watch."""
    outside: dict[str, tuple[ErrorGroup, ...]] = field(default_factory=dict)
    """Of these: a host of the internet was not reached that no variable names."""
    in_files: dict[str, list[ErrorGroup]] = field(default_factory=dict)
    """The same of log files, each by its service and its path."""
    known_in_files: dict[str, frozenset[str]] = field(default_factory=dict)
    """Service → the errors that its files had before: at a gate that looked, or at the first look."""
    logs_problem: str = ""
    metrics: tuple[Followed, ...] = ()
    pairs: Pairs | None = None
    """What both releases answered where they share the requests; None where one has them all."""

    @property
    def new_errors(self) -> list[tuple[str, ErrorGroup]]:
        """Those of each service, and of each log file."""
        return [(name, group) for found in (self.logs, self.in_files) for name in found for group in found[name]]

    @property
    def red_logs(self) -> list[tuple[str, ErrorGroup]]:
        """Errors that came again, but for those about somebody out there."""
        each = [(name, group) for name, group in self.new_errors if group not in self.outside.get(name, ())]
        return [
            (name, group) for name, group in each if group.count >= (_TRACEBACKS if group.in_traceback else _AT_LEAST)
        ]

    @property
    def is_over(self) -> bool:
        """Whether something was seen that ends the watch."""
        unwell = self.spells.longer_than(self.unhealthy_for)
        red = (one.red is not None for one in (self.errors, self.slow))
        worse = self.pairs is not None and self.pairs.red
        return bool(self.moved or unwell or self.red_logs or worse) or any(red) or any(m.is_red for m in self.metrics)

    @property
    def is_unsure(self) -> bool:
        """Whether something is unwell now, of which nobody knows yet for how long, or goes wrong every few times."""
        worse = self.pairs is not None and self.pairs.is_unsure
        last = any(one[-1].said for one in (self.asked, self.at_once) if one)
        return bool(self.spells.open or self.errors.doubtful) or last or worse


def observe(
    *, environment: Environment, subject: Subject, inspector: Inspector, place: Place, limits: Limits, runner: Host
) -> Observed:
    """Watches for as long as the gate is to, or, of a gate that only looks, for ``health.stable_for``."""
    watch, wanted = environment.watch, subject.watch or environment.health.stable_for
    questions = _Questions(environment, subject, inspector, place, limits)
    seen = Observed(
        began=datetime.now(UTC),
        wanted=wanted,
        left_out=questions.left_out,
        errors=Troubles(watch.max_errors, watched=wanted, things=questions.things),
        slow=Troubles(_SLOW, watched=wanted, things=questions.things),
        unhealthy_for=min(watch.unhealthy_for, wanted / 2),
        metrics=tuple(Followed(rule=rule) for rule in environment.metric),
    )
    pages = Pages(inspector, place, limits)
    rounds = Rounds(inspector=inspector, environment=environment, runner=runner)
    pairing = questions.in_pairs(subject)
    seen.pairs = pairing.found if pairing is not None else None
    began = time.monotonic()
    looked = read = asked = scraped = paired = -1e9
    while True:
        now = time.monotonic() - began
        if now - looked >= _LOOK:
            looked = now
            _look(seen, inspector, rounds, at=now)
        if now - asked >= (_LIMITED if questions.is_tight else watch.every):
            asked = now
            questions.ask(seen, at=now)
        if pairing is not None and now - paired >= (_LIMITED if pairing.is_tight else EVERY):
            paired = now
            pairing.ask(at=now)
        if now - read >= _READ:
            read = now
            _weigh(seen, inspector, at=now)
            _read(seen, environment, subject, inspector, place)
        if now - scraped >= _SCRAPE:
            scraped = now
            pages.follow(seen.metrics, at=now)
        seen.seconds = time.monotonic() - began
        waits = seen.is_unsure and seen.seconds < wanted + seen.unhealthy_for + _HUNG
        waits |= any(one.is_open and seen.seconds < wanted + one.rule.for_ + _HUNG for one in seen.metrics)
        if seen.is_over or (seen.seconds >= wanted and not waits):
            break
        due = min(asked + watch.every, looked + _LOOK, paired + EVERY if pairing is not None else math.inf)
        time.sleep(max(due - seen.seconds, 0.05))
    _look(seen, inspector, rounds, at=seen.seconds)  # the last request may have taken all that was left
    _read(seen, environment, subject, inspector, place)
    return seen


class _Questions:
    """What is asked, one request after the other: the health pages, and more and more rarely what only reads."""

    def __init__(
        self, environment: Environment, subject: Subject, inspector: Inspector, place: Place, limits: Limits
    ) -> None:
        self._environment, self._place, self._limits = environment, place, limits
        self._slower_than, self._every = environment.watch.slower_than, environment.watch.every
        self._url = inspector.url()
        known = _passed(subject)
        named = known is not None and "D06" in known and subject.release is not None and not subject.release.adopted
        self._by = subject.release if named else None
        """Whom a health page must name, if it names anybody: the gate saw that it names this release."""
        health = environment.health
        pages = [Endpoint(request=f"GET {health.live}", status=health.alive)]
        if health.ready and (known is None or "D07" in known):
            pages.append(Endpoint(request=f"GET {health.ready}"))
        given = [one for one in environment.endpoint if _turns_back(one, environment)]
        well = [one for one in given if known is None or f"D09[{one.request}]" in known]
        self.left_out = tuple(one.request for one in given if one not in well)
        """Endpoints that were not well when the watch began."""
        self._pages = [(self._url, one) for one in pages] if self._url is not None else []
        self._rest = [(url, one) for one in well if (url := inspector.url(one.service)) is not None]
        self._due = [0.0 for _ in self._rest]
        self._page = 0
        self._many, self._many_due = 0, 0.0
        self._many_every = max(subject.watch / _AT_ONCE, _AT_ONCE_AGAIN / 2)

    def in_pairs(self, subject: Subject) -> Pairing | None:
        """What both releases are asked where they share the requests; None where nobody knows where that is."""
        own = [one for url, one in (*self._pages, *self._rest) if url == self._url and one.service is None]
        made = Pairing(own, environment=self._environment, subject=subject, place=self._place, limits=self._limits)
        return made if made.is_possible else None

    @property
    def things(self) -> tuple[str, ...]:
        """Every request that is sent."""
        return tuple(dict.fromkeys(one.request for _, one in (*self._pages, *self._rest)))

    @property
    def is_tight(self) -> bool:
        """Whether a limit on requests was met."""
        return self._url is not None and self._limits.is_tight(self._url)

    def ask(self, seen: Observed, *, at: float) -> None:
        """Sends the next request and notes what it got; a limit on requests says nothing.

        Every second one is to a health page; an endpoint that was wrong, or is so every few times, is asked again soon.
        """
        if self._pages and at >= self._many_due and not self.is_tight:
            self._ask_at_once(seen, at=at)
            return
        due = min(range(len(self._due)), key=self._due.__getitem__, default=None)
        is_late = due is not None and self._due[due] <= at
        if self._pages and (self._page % 2 == 0 or not is_late):
            url, endpoint = self._pages[self._page // 2 % len(self._pages)]
            self._page += 1 if is_late else 2
            if said := self._note(seen, endpoint, url, at=at):
                for moment in (at, at + said.seconds) if said.said else (at,):  # who hangs is unwell all the time
                    seen.spells.note(endpoint.request, at=moment, said=said.said)
        elif due is not None and is_late:
            self._page += 1
            url, endpoint = self._rest[due]
            said = self._note(seen, endpoint, url, at=at)
            rarely = min(max(_SPARSER * at, self._every), _RARELY)
            again = (said is not None and said.said) or endpoint.request in seen.errors.doubtful
            self._due[due] = at + (self._every if again else rarely)

    def _ask_at_once(self, seen: Observed, *, at: float) -> None:
        """Asks a health page several times at one moment; the wrong answers of it are one moment's."""
        url, endpoint = self._pages[self._many % len(self._pages)]
        self._limits.begin()
        said = wrong_at_once(endpoint, url, self._limits, by=self._by)
        for one in said[:1] if all(said) else said:  # of a page that is wrong for all one request tells as much
            seen.at_once.append(Asked(at=at, what=endpoint.request, said=one, seconds=0.0, within=math.inf))
            seen.errors.note(endpoint.request, at=at, wrong=bool(one))
        wrong = any(said) or endpoint.request in seen.errors.doubtful
        self._many += not wrong  # what was wrong is asked again, not the other page
        self._many_due = at + (_AT_ONCE_AGAIN if wrong else self._many_every)

    def _note(self, seen: Observed, endpoint: Endpoint, url: str, *, at: float) -> Asked | None:
        """Asks, and notes what it got; None where that says nothing."""
        self._limits.begin()
        begin = time.monotonic()
        by = self._by if (url, endpoint) in self._pages else None
        said = wrong_with(endpoint, url, self._place, self._limits, within=self._slower_than, by=by)
        if said is None:
            return None
        stated = endpoint.within if "within" in endpoint.model_fields_set else 0.0
        within = max(stated, self._slower_than)
        one = Asked(at=at, what=endpoint.request, said=said, seconds=time.monotonic() - begin, within=within)
        seen.asked.append(one)
        seen.errors.note(one.what, at=at, wrong=bool(said))
        seen.slow.note(one.what, at=at, wrong=one.is_slow)
        return one


def _turns_back(endpoint: Endpoint, environment: Environment) -> bool:
    """Whether an endpoint only reads, and a wrong answer of it turns a release back at the gate too."""
    reads = endpoint.request.startswith(("GET ", "HEAD "))
    on_red = environment.rule_of(f"D09[{endpoint.request}]").on_red or endpoint.on_red
    return reads and endpoint.severity is Severity.BLOCKER and on_red is OnRed.ROLLBACK


def _passed(subject: Subject) -> frozenset[str] | None:
    """The codes of what the release's gate found well, of this run or when it went GO; None without one."""
    gate: GateResult | None = None
    if subject.run is not None:
        gate = last_of(subject.run, role=Role.CANDIDATE, stage=Stage.POSTDEPLOY)
    if gate is None and subject.release is not None:
        gate = read_gate(subject.release.gate)
    if gate is None:
        return None
    return frozenset(check.code or check.id for check in gate.checks if check.outcome is Outcome.PASSED)


def _look(seen: Observed, inspector: Inspector, rounds: Rounds, *, at: float) -> None:
    """What the instances are; a runtime that does not answer is asked again."""
    try:
        fronts = {one.name: one for one in inspector.fronts()}
        now = {**{one.name: one for one in inspector.instances(health=False)}, **fronts}
    except GonogoError:
        return
    done = {name for name, one in fronts.items() if one.status in {"created", "exited"} and not one.exit_code}
    lasting = {name: one for name, one in now.items() if not one.one_shot and name not in done}
    if not seen.looked:
        seen.looked, seen.first = True, lasting
    for name, before in seen.first.items():
        if name in done or not (moved := _moved(before, now.get(name))):
            continue
        if name in now and rounds.have(now[name], since=f"{seen.began.timestamp():.3f}"):
            seen.came_round[name], seen.first[name] = moved, now[name]
        else:
            seen.moved[name] = moved
    for name, one in lasting.items():
        sick = one.health not in {None, "healthy", "starting", LIMITED}
        seen.spells.note(name, at=at, said=f"{one.health} ({one.health_said})" if sick else "")


def _moved(before: InstanceState, now: InstanceState | None) -> str:
    if now is None:
        return f"{before.name} gone"
    if now.status not in {"running", "restarting"}:
        code = f" (exit code {now.exit_code})" if now.exit_code is not None else ""
        return f"{now.name} {now.status}{code}"
    if now.restarts > before.restarts or now.status == "restarting":
        return f"{now.name} restarted {max(now.restarts - before.restarts, 1)} times"
    return f"{now.name} started again" if now.started_at != before.started_at else ""


def _weigh(seen: Observed, inspector: Inspector, *, at: float) -> None:
    """How much memory each instance uses."""
    try:
        found = inspector.memory(list(seen.first)) if seen.first else {}
    except GonogoError:
        return
    for name, size in found.items():
        seen.memory.setdefault(name, []).append((at, size))


def _read(seen: Observed, environment: Environment, subject: Subject, inspector: Inspector, place: Place) -> None:
    """The errors that were logged since the watch began, and were known neither before this release nor at its gate."""
    try:
        lines, groups = logged.read(inspector, environment, seen.began)
    except (GonogoError, InconclusiveError) as error:
        seen.logs_problem = str(error)
        return
    known = _known(subject)
    for name in lines:
        found = logged.sort(name, lines, groups[name], inspector, subject, place.variables)
        seen.outside[name] = found.outside
        new = [group for group in found.counted if group.signature not in known(name)]
        seen.logs[name] = new
    seen.logs_problem = ""
    if environment.logs.files:
        _read_files(seen, environment, subject, inspector)


def _read_files(seen: Observed, environment: Environment, subject: Subject, inspector: Inspector) -> None:
    """The errors of log files that did not stand there before; an ended instance has none."""
    for service in {one.service for one in seen.first.values() if one.service in environment.service}:
        try:
            found = logged.read_files(inspector.inside(service), environment, inspector)
        except (GonogoError, InconclusiveError):
            continue
        each = found.groups if found is not None else {}
        if service not in seen.known_in_files:
            now = frozenset(group.signature for groups in each.values() for group in groups)
            told = [logged.known_in_files(gate, service) for gate in _gates(subject)]
            looked = [one for one in told if one is not None]
            seen.known_in_files[service] = frozenset[str]().union(*looked) if looked else now
        known = seen.known_in_files[service]
        for path, groups in each.items():
            seen.in_files[f"{service}: {path}"] = [group for group in groups if group.signature not in known]


def _gates(subject: Subject) -> list[GateResult]:
    """The gates that saw logs before: of the release before, of this one now, or when it went GO."""
    gates = [read_gate(subject.release.gate)] if subject.release is not None else []
    if subject.run is not None:
        roles = (Role.BASELINE, Role.CANDIDATE)
        gates += [last_of(subject.run, role=role, stage=Stage.POSTDEPLOY) for role in roles]
    return [gate for gate in gates if gate is not None]


def _known(subject: Subject) -> Callable[[str], frozenset[str]]:
    """Service → the errors that earlier gates saw."""
    each = [logged.known_in(gate) for gate in _gates(subject)]
    return lambda name: frozenset(one for found in each for one in found.get(name, ()))
