"""Which errors of a log the move itself caused, gonogo's own requests or any visitor's, or harm nobody.

While instances are replaced, one that is up already cannot reach one that is not: a proxy its upstream, a worker the
API. An instance's own error at its start is not among them, also where it cannot reach its database: unless it tried
again, or was started again, and reached it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus

from gonogo.inspection.answers.logs import ErrorGroup

__all__ = [
    "IN_VAIN",
    "asked_by_another_name",
    "asked_in_vain",
    "caused_by_move",
    "hung_up",
    "is_trying",
    "name_refused",
    "no_request_needs",
    "no_upstream",
    "not_reached",
    "not_reached_outside",
    "refused_visitor",
    "signed_wrongly",
    "tried_again",
]

_UPSTREAM = re.compile(
    # nginx
    r"while (?:connecting to|reading .{0,40}from|sending .{0,40}to) upstream|no live upstreams|"
    r"host not found in upstream|could not be resolved .{0,80}while|"
    r"upstream (?:prematurely closed|timed out|sent no valid)|"
    r"open\(\) \S{1,200} failed \(2: .{0,400}, upstream: |"  # the page that it would have shown instead
    # Apache, Caddy, HAProxy
    r"AH0(?:0957|1102|1114|0898)\b|"
    r"reverse_?proxy.{0,200}dial tcp|dial tcp.{0,200}reverse_?proxy|http\.log\.error.{0,200}dial tcp|"
    r"backend \S{1,80} has no server available|Server \S{1,80} is DOWN",
    re.IGNORECASE | re.DOTALL,
)
_UNREACHED = re.compile(
    r"connection (?:was )?(?:refused|reset|aborted|closed|error)|connect(?:ion)? ?call failed|ECONNREFUSED|ECONNRESET|"
    r"ConnectionRefusedError|ConnectionResetError|ConnectError|RemoteDisconnected|RemoteProtocolError|"
    r"name or service not known|temporary failure in name resolution|no route to host|max retries exceeded|"
    r"could not connect|cannot connect|failed to connect|server disconnected|timed out|EAI_AGAIN|ENOTFOUND",
    re.IGNORECASE,
)
_HOSTS = re.compile(
    r"\bhost='([\w.-]+)'|\bresolve '([\w.-]+)'|\b(?:connect to|resolve) host:? ([\w.-]+)|\bhttps?://(?:[^@/\s]{1,80}@)?([\w.-]+)",
    re.IGNORECASE,
)
"""By which words libraries name whom they did not reach: requests and urllib3, aiohttp, curl."""
_PUBLIC = re.compile(
    r"(?:[\w-]+\.)+(?!(?:local|localhost|internal|lan|home|corp|intranet|svc|test)\b)[a-z]{2,}\.?", re.IGNORECASE
)
_STARTING = re.compile(
    r"database system is (?:starting up|not yet accepting connections)|can't connect to .{0,40}mysql server|"
    r"connection to server .{0,200} failed: (?:connection refused|.{0,80}shut)",
    re.IGNORECASE,
)
_HUNG_UP = re.compile(
    r"No response returned|ClientDisconnect|client disconnected|EndOfStream|BrokenPipe|broken pipe|CancelledError|"
    r"ConnectionResetError|connection reset by peer",
    re.IGNORECASE,
)
_NOT_THERE = r"\((?:2: No such file or directory|20: Not a directory|36: File name too long)\)"
_REFUSED = re.compile(
    # nginx, at the level of an error unless it is told otherwise (`limit_req_log_level`, `log_not_found`)
    r"\blimiting (?:requests|connections)\b[\w ,:.]{0,60}\bby zone \"|access forbidden by rule, client: |"
    rf"\" (?:failed|is not found) {_NOT_THERE}, client: |while SSL handshaking, client: |"
    # Apache
    r"\bAH0(?:0128|1630): "
)
_BEHIND = ", upstream: "
_NAMED = re.compile(r"\bInvalid HTTP_HOST header: '([^']*)'")
"""Django's word for a request for a name that is not among ``ALLOWED_HOSTS``."""
_HERE = frozenset({"localhost", "127.0.0.1", "[::1]"})
_SIDE_DOOR = re.compile(r"\bControl server error: \[Errno \d")
"""Gunicorn from 25.1 on keeps a socket for ``gunicornc`` below its user's home; a service's user often has none."""
IN_VAIN = {
    401: r"Unauthori[sz]ed",
    403: "Forbidden",
    404: "Not ?Found",
    405: "Method ?Not ?Allowed",
    410: "Gone",
    422: "Unprocessable",
}
"""What an application may answer whom it serves well, and its words for it."""
_NUMBER = r"(?<![\d.,:]){}(?![\d])"
_NEAR = timedelta(seconds=3)
_SIGNATURE = re.compile(r"\b(?:signatures?|hmac|webhooks?)\b", re.IGNORECASE)
_AGAIN = re.compile(
    r"\b(?:(?:try|trying) (?:it )?again|retry|retries(?! exceeded)|retrying|reconnect(?:ing)?|attempt #?\d|backing off|"
    r"(?:sleep|wait)ing\b.{0,40}\d ?s|will (?:re)?try|waiting for)\b",
    re.IGNORECASE,
)
_AROUND = 2
"""How many lines before and after an error may say that it is tried again."""


def caused_by_move(text: str, *, others: Collection[str]) -> bool:
    """Whether an error of the seconds of a move says only that somebody who was being replaced was not reached.

    Args:
        text: the whole error.
        others: names and ports (``:8000``) of the other services that were replaced.
    """
    if no_upstream(text):
        return True
    return bool(_UNREACHED.search(text)) and any(_names(text, one) for one in others)


def no_upstream(text: str) -> bool:
    """Whether an error is a proxy's, about the answer that it did not get from where it sends requests."""
    return _UPSTREAM.search(text) is not None


def not_reached(text: str) -> bool:
    """Whether a failure says that a database was not reached, or that it is only starting."""
    return bool(_UNREACHED.search(text) or _STARTING.search(text))


def not_reached_outside(text: str, *, known: Callable[[str], bool]) -> str | None:
    """The host of the internet that an error says was not reached: it may be down, whatever the release is like.

    None where the error names none, another one that is ``known`` (a service, the application's own name, one that a
    variable names), or a name that nobody but a private network has.
    """
    hosts = [next(filter(None, found.groups())).rstrip(".") for found in _HOSTS.finditer(text)]
    outside = bool(hosts) and all(_PUBLIC.fullmatch(host) and not known(host) for host in hosts)
    return hosts[0] if outside and _UNREACHED.search(text) else None


def tried_again(group: ErrorGroup, lines: Sequence[str]) -> bool:
    """Whether an error only says that something was not reached yet: each time it was tried again, and went on then.

    Args:
        group: the error.
        lines: the whole log that it stands in. A line after the last try that is about something else shows that it
            went on.
    """
    return _says_again(group, lines) and _went_on(group, lines)


def is_trying(group: ErrorGroup, lines: Sequence[str]) -> bool:
    """Whether it tries again, and nothing follows yet that would show that it went on."""
    return _says_again(group, lines) and not _went_on(group, lines)


def _says_again(group: ErrorGroup, lines: Sequence[str]) -> bool:
    ends = _ends(group)
    length = len(group.example.splitlines())
    near = (" ".join(lines[max(end - length - _AROUND, 0) : end + _AROUND]) for end in ends)
    return bool(ends) and not_reached(group.example) and all(_AGAIN.search(text) for text in near)


def _went_on(group: ErrorGroup, lines: Sequence[str]) -> bool:
    later = (line for line in lines[_ends(group)[-1] :] if line.strip())
    return any(not _AGAIN.search(line) and not not_reached(line) for line in later)


def _ends(group: ErrorGroup) -> list[int]:
    """The number of each one's last line."""
    return [number - 1 + len(group.example.splitlines()) for number in group.lines]


def _names(text: str, other: str) -> bool:
    """Whether a service or a port stands there as a word of its own."""
    begin = "" if other.startswith(":") else r"(?<![\w.-])"
    return re.search(rf"{begin}{re.escape(other)}(?![\w-])", text) is not None


def refused_visitor(text: str) -> bool:
    """Whether an error says only what a proxy refused a visitor by itself: answers show that, and so do other checks.

    Who asks too often, for a file that is not there or for one that is closed by a rule; bots do, all the time.
    """
    return _REFUSED.search(text) is not None and _BEHIND not in text


def asked_by_another_name(text: str, *, own: Collection[str]) -> bool:
    """Whether an error says only that a visitor asked for a name that nobody here goes by; bots do, all the time.

    Args:
        text: the whole error.
        own: names of services, and of the environment's address.
    """
    name = name_refused(text)
    return name is not None and name not in {*own, *_HERE}


def name_refused(text: str) -> str | None:
    """By which name somebody asked whom Django refused for it; None of another error."""
    found = _NAMED.search(text)
    return _host(found[1]) if found is not None else None


def _host(header: str) -> str:
    """A ``Host`` header's name, without its port."""
    return re.sub(r":\d*$", "", header.casefold())


def no_request_needs(text: str) -> bool:
    """Whether an error is about what a server keeps for its administrators, and serves as well without."""
    return _SIDE_DOOR.search(text) is not None


def hung_up(group: ErrorGroup, moments: Iterable[datetime | None], ours: Collection[datetime]) -> bool:
    """Whether an error says that a visitor hung up, each time when one of ours had: they waited as long as they may."""
    if not ours or not _HUNG_UP.search(group.example):
        return False
    return all(at is None or any(abs(at - one) <= _NEAR for one in ours) for at in moments)


def asked_in_vain(
    group: ErrorGroup, moments: Iterable[datetime | None], ours: Collection[tuple[datetime, str, int]]
) -> bool:
    """Whether an error is about what is not there, or not for everybody, each time when one of ours got that answer.

    Of a log without times only an error that names a path is, which is not there. Whether the answer is the right one
    is for others to judge.
    """
    named = [at for at, path, status in ours if status == HTTPStatus.NOT_FOUND and _is_named(path, group.example)]
    said = {status for status, words in IN_VAIN.items() if _says(group.example, status, words)}
    about = [at for at, _, status in ours if status in said] or named
    return bool(about) and all(
        bool(named) if at is None else any(abs(at - one) <= _NEAR for one in about) for at in moments
    )


def signed_wrongly(group: ErrorGroup, moments: Iterable[datetime | None], ours: Collection[datetime]) -> bool:
    """Whether an error is about a signature, each time when one of ours had sent a wrong one."""
    if not ours or not _SIGNATURE.search(group.example):
        return False
    return all(at is None or any(abs(at - one) <= _NEAR for one in ours) for at in moments)


def _says(text: str, status: int, words: str) -> bool:
    """Whether a text has a status as a number of its own, or its words."""
    return re.search(rf"{_NUMBER.format(status)}|\b{words}\b", text) is not None


def _is_named(path: str, text: str) -> bool:
    return len(path) > 1 and re.search(rf"{re.escape(path)}(?![\w/.-])", text) is not None
