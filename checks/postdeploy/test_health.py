"""What the release says of itself: alive, ready, degraded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from gonogo.checks.postdeploy.front import is_for_all
from gonogo.checks.postdeploy.in_front import blame
from gonogo.config import Environment, Health
from gonogo.errors import GonogoError
from gonogo.gates.subject import Subject
from gonogo.inspection import things
from gonogo.inspection.answers import healthdoc
from gonogo.inspection.answers.addresses import asks_for_a_name
from gonogo.inspection.answers.expectations import NOTHING, at_path, compare_value, path_of
from gonogo.inspection.answers.healthdoc import Component
from gonogo.inspection.answers.served import SCHEMA_PARTS, document_of, of_another, parts, schema_parts
from gonogo.plugins.evidence import Collected
from gonogo.plugins.limits import Limits
from gonogo.plugins.transport import refused
from gonogo.records.results import GateResult
from gonogo.runtimes.base import Inspector
from gonogo.state.release import Release

__all__: list[str] = []

_SHOWN = 2000
_NOBODY_BEHIND = (502, 504)
"""What a proxy answers where what it leads to does not, or not in time."""
_MOST_STEPS = 5
"""Redirects that are followed from a home page to what it shows."""
_OF_DATABASE = re.compile(r"(?i)(?:.*\.)?(?:db|database|postgres\w*|mysql|mariadb|migrations?|alembic|schema)")
"""Parts that nobody can report well on while the database does not answer."""


@pytest.mark.postdeploy(
    "D06",
    impact="SEV1",
    needs=("a URL",),
    reads=("health.live",),
    rests_on="live",
    says_alive=True,
    never_excused=True,
    never_waived="who answers",
    remedy="Look which release runs and what it logs: gonogo status --env {env}",
)
def test_release_is_alive(
    inspector: Inspector, environment: Environment, subject: Subject, limits: Limits, evidence: Collected
) -> None:
    """Every address answers its liveness request, names this release where it names one, and leads to nobody else.

    Catches the old release that goes on answering behind a new one that does not: a container that kept the port or the
    service's name, and a proxy that still points at one. Where the services answer well past the proxy in front, the
    finding is the proxy's, with what the release changes in its files.

    Before (nginx/shop.conf):

        proxy_pass http://web-old:8000;

    After (nginx/shop.conf):

        proxy_pass http://web:8000;
    """
    addresses = dict(_live(inspector, environment))
    if not addresses:
        pytest.skip("neither the environment nor a service has a url")
    wrong: list[str] = []
    needs: list[str] = []
    for address, health in addresses.items():
        status = health.live_status
        try:
            answer = _at_its_end(limits, limits.get(address), health)
        except httpx.ConnectError as error:
            said = blame(inspector, subject.serving, address, health, None, evidence) if refused(error) else ""
            if not said:
                raise
            wrong.append(f"{address}: found no connection, expected status {status}{said}")
            continue
        except httpx.TimeoutException:
            evidence.breaks(things.address(address))
            raise
        _attach(evidence, address, answer)
        if answer.status_code != status:
            said = blame(inspector, subject.serving, address, health, answer, evidence)
            needs += () if said else _led_to(evidence, address, answer, limits)
            evidence.breaks(things.document(address))
            wrong.append(f"{address}: status: found {answer.status_code}, expected {status}{said or _hint(answer)}")
        elif subject.release is not None:
            wrong += _another(address, answer, subject.release)
    wrong += _strangers(inspector, evidence)
    if needs and len(needs) == len(wrong):
        evidence.needs(*needs)
    assert not wrong, "; ".join(wrong)


def _strangers(inspector: Inspector, evidence: Collected) -> tuple[str, ...]:
    """Who else gets the requests; where the runtime cannot be asked, D01 and D04 say so."""
    try:
        found = tuple(inspector.strangers())
    except GonogoError as error:
        evidence.text("Who else gets requests", f"not known: {error}")
        return ()
    evidence.text("Who else gets requests", "\n".join(found) or "nobody who is known")
    return found


def _at_its_end(limits: Limits, answer: httpx.Response, health: Health) -> httpx.Response:
    """The answer, or where a home page, or a path without its last slash, leads a visitor within the same address.

    What another page leads to says nothing of it: that is a sign-in page which was put before everything.
    """
    if not answer.is_redirect or len(health.alive) == 1:
        return answer
    with limits.client(str(answer.request.url)) as visitor:
        visitor.cookies.update(answer.cookies)
        for _ in range(_MOST_STEPS):
            asked, to = answer.request.url, answer.request.url.join(answer.headers.get("location", ""))
            home = health.live == "/" or to.path.rstrip("/") == asked.path.rstrip("/")
            if not (answer.is_redirect and home and (to.scheme, to.netloc) == (asked.scheme, asked.netloc)):
                break
            answer = visitor.get(to)
    return answer


def _led_to(evidence: Collected, address: str, answer: httpx.Response, limits: Limits) -> tuple[str, ...]:
    """What a wrong answer rests on; one that everybody gets, whatever is asked for, is the finding itself."""
    same = things.answer(address, answer.status_code, answer.text)
    if answer.status_code in _NOBODY_BEHIND:
        evidence.breaks(same)
        return ()
    if not is_for_all(address, answer, limits):
        return (same,)
    evidence.text("Asked for a page that is none", f"{answer.status_code}, the same answer")
    evidence.breaks(same)
    if answer.status_code == httpx.codes.BAD_REQUEST:
        evidence.breaks(things.refusal(urlsplit(address).hostname or ""))
    return (things.address(address),)


def _hint(answer: httpx.Response) -> str:
    """What may be wrong with the question: a page that never was, its last slash, the name that is asked for."""
    asked, to = answer.request.url, answer.request.url.join(answer.headers.get("location", ""))
    if answer.is_redirect and (to.scheme, to.netloc) != (asked.scheme, asked.netloc):
        root = f"{to.scheme}://{to.netloc.decode('ascii')}"
        return f" (it leads to {root}: write that as url in gonogo.toml, with connect_to where that is this machine)"
    if answer.is_redirect and to.path.rstrip("/") == asked.path.rstrip("/"):
        return f" (it leads to {to.path}: write that as health.live in gonogo.toml)"
    if answer.is_redirect:
        return f" (it leads to {to.path}: where that is well, write health.live_status = {answer.status_code})"
    if said := asks_for_a_name(str(answer.request.url), answer.status_code):
        return said
    missing = answer.status_code == httpx.codes.NOT_FOUND
    return " (is there no such page? then name one that answers, as health.live in gonogo.toml)" if missing else ""


@pytest.mark.postdeploy(
    "D07",
    needs=("a URL", "health.ready"),
    rests_on="ready",
    says_alive=True,
    remedy="Mend the part that is named, then: gonogo deploy --env {env}",
)
def test_release_is_ready(
    inspector: Inspector, environment: Environment, subject: Subject, limits: Limits, evidence: Collected
) -> None:
    """The release is ready to serve, each of its parts.

    Catches an application that is alive and cannot reach its database. After a rollback the schema may be ahead of the
    release: that is well where its readiness is well with it, and a 503 is none.

    No before and after: which part is not ready is said by the release itself.
    """
    addresses = dict.fromkeys(_ready(inspector, environment))
    if not addresses:
        pytest.skip("health.ready is not configured, or nothing has a url")
    wrong, schema = [], dict[str, list[str]]()
    for address in addresses:
        answer = limits.get(address)
        _attach(evidence, address, answer)
        health = healthdoc.read(document_of(answer.text))
        schema[address] = [part.name for part in schema_parts(health)]
        found = parts(health, accepted=_accepted(subject))
        _blame(evidence, address, answer, found.red)
        wrong += [f"{address}: {part.name}: found {part.detail or part.level}, expected pass" for part in found.red]
        names = ", ".join(part.name for part in found.excused)
        if found.excused and answer.is_success:
            evidence.warn(f"{names}: red, as accepted after a rollback")
        elif found.excused:
            wrong.append(
                f"{address}: status: found {answer.status_code} because of {names}: the schema stayed ahead of this "
                "release, and its readiness does not accept that; expected 200"
            )
        elif not answer.is_success and not found.red:
            wrong.append(f"{address}: status: found {answer.status_code}, expected 200")
    evidence.json(SCHEMA_PARTS, schema)
    assert not wrong, "; ".join(wrong)


@pytest.mark.postdeploy(
    "D08",
    needs=("a URL", "JSON in a health document"),
    reads=("health.live", "health.ready", "health.json"),
    remedy="Mend what the document calls unhealthy, then: gonogo deploy --env {env}",
)
def test_health_document_is_healthy(
    inspector: Inspector,
    environment: Environment,
    subject: Subject,
    baseline: GateResult | None,
    limits: Limits,
    evidence: Collected,
) -> None:
    """No health document calls the whole unhealthy, each says what `health.json` asks for; a degraded one warns.

    Catches a health page that answers 200 and says "unhealthy" in its text, and a moment in it that is too long ago: a
    job that stopped. Where the serving release was degraded alike it is as before.

    No before and after: what is unhealthy is said by the document.
    """
    stated = _stated(environment)
    levels, documents = dict[str, str](), dict[str, object]()
    for address in dict.fromkeys([*dict(_live(inspector, environment)), *_ready(inspector, environment)]):
        answer = limits.get(address)
        documents[address] = document_of(answer.text)
        health = healthdoc.read(documents[address])
        if health.worst is not None or stated:
            _attach(evidence, address, answer)
        if health.worst is not None and not healthdoc.judges_whole(stated):
            excused = parts(health, accepted=_accepted(subject)).only_excused
            levels[address] = "warn" if health.worst == "fail" and excused else health.worst
    if not levels and not stated:
        pytest.skip("no address answers with a health document")
    _advise(baseline, [address for address, level in levels.items() if level == "warn"], evidence)
    unhealthy = [address for address, level in levels.items() if level == "fail"]
    evidence.needs(*map(things.document, unhealthy))
    red = [f"{address}: found unhealthy, expected healthy" for address in unhealthy]
    red += _not_as_stated(documents, stated) if documents else []
    assert not red, "; ".join(red)


def _stated(environment: Environment) -> dict[str, Any]:
    """What health documents must say, the services' own included."""
    own = (one.health.json_ for one in environment.service.values() if one.health is not None)
    return {key: value for table in (environment.health.json_, *own) for key, value in table.items()}


def _not_as_stated(documents: Mapping[str, object], stated: Mapping[str, Any]) -> Iterator[str]:
    """Where documents say something else; each path must be in one of them at least."""
    now = datetime.now(UTC)
    for key, expected in stated.items():
        path = path_of(key, expected)
        holding = [one for one, said in documents.items() if at_path(said, path, default=NOTHING) is not NOTHING]
        for address in holding or [*documents][:1]:
            wrong = compare_value(documents[address], key, expected, now=now)
            yield from [f"{address}: {wrong}"] if wrong is not None else []


def _advise(baseline: GateResult | None, degraded: Sequence[str], evidence: Collected) -> None:
    """Warns of degraded documents, but for what the serving release said of itself in this run's baseline."""
    if not degraded:
        return
    said = f"degraded: {', '.join(degraded)}"
    before = [check for check in baseline.checks if check.code == "D08"] if baseline is not None else []
    if any(said in (check.found, *check.advice) for check in before):
        evidence.text("As in the baseline", said)
    else:
        evidence.advise(said)


def _blame(evidence: Collected, address: str, answer: httpx.Response, red: Sequence[Component]) -> None:
    """What an unready answer comes from: the database, or whoever gives the same answer to everything."""
    if red and all(_OF_DATABASE.fullmatch(part.name) for part in red):
        evidence.needs(things.DATABASE)
    elif red:
        evidence.needs(things.document(address))
    elif not answer.is_success:
        evidence.needs(things.answer(address, answer.status_code, answer.text))
    if red or not answer.is_success:
        evidence.breaks(things.document(address))


def _live(inspector: Inspector, environment: Environment) -> Iterator[tuple[str, Health]]:
    """Every liveness address, with what it must answer."""
    if (url := inspector.url()) is not None:
        yield url + environment.health.live, environment.health
    for name in environment.service:
        health, own = environment.health_of(name), inspector.url(name)
        if own is not None and (own != url or environment.service[name].health is not None):
            yield own + health.live, health


def _ready(inspector: Inspector, environment: Environment) -> Iterator[str]:
    """Every readiness address that is configured."""
    if (url := inspector.url()) is not None and environment.health.ready is not None:
        yield url + environment.health.ready
    for name in environment.service:
        ready, own = environment.health_of(name).ready, inspector.url(name)
        if own is not None and ready is not None and (own != url or environment.service[name].health is not None):
            yield own + ready


def _accepted(subject: Subject) -> bool:
    return subject.release is not None and bool(subject.release.accepted)


def _another(address: str, answer: httpx.Response, release: Release) -> list[str]:
    if release.adopted:  # it was started by hand, and cannot know the name that it was given afterwards
        return []
    named = healthdoc.release_named(document_of(answer.text), dict(answer.headers))
    others = of_another(named, commits=release.commits, release=release.id)
    return [f"{address}: {one.where}: found {one.value}, expected {release.id}" for one in others]


def _attach(evidence: Collected, address: str, answer: httpx.Response) -> None:
    evidence.text(f"GET {address}", f"{answer.status_code}\n{answer.text[:_SHOWN]}")
