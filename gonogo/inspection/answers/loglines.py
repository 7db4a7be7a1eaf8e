"""One line of a log: from which source, at which level, saying what.

Known are Python's logging, uvicorn, gunicorn, uWSGI, loguru, celery, Tornado, supervisord, JSON, logfmt, nginx, Apache,
Caddy and Postgres.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Line", "parse_line"]

_ERRORS = frozenset({"error", "err", "critical", "crit", "fatal", "panic", "alert", "emerg", "emergency", "severe"})
_LEVELS = _ERRORS | frozenset(
    re.findall(r"\w+", "trace debug info information notice log warn warning statement hint detail success")
)
_UPPER = "|".join(sorted((level.upper() for level in _LEVELS), key=len, reverse=True))
_SOURCE = re.compile(r"([\w.-]{1,80}?)\s{0,40}\| ?")
_STAMP = re.compile(
    r"\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
    r"\s?(?:Z|[+-]\d\d:?\d\d|(?!INFO|WARN|CRIT|LOG)[A-Z]{3,4}\b)?[\],]?\s*(?:[|-]\s+)?"
)
_LEVEL_WORD = re.compile(rf"(?<![\w./=-])(?:\[)?({_UPPER})(?=\s|:|\]|\||/|,|;| -|$)")
_LOWER = re.compile(r"\[(?:[\w-]+:)?(\w+)\]|\b(?:level|severity|lvl)=\"?(\w+)", re.IGNORECASE)
_TORNADO = re.compile(r"\[([DIWEC]) [\d:.,-]{6,10} [\d:.,]{8,15} [\w.-]{1,80}(?::\d+)?\] ?")
_LETTERS = {"D": "debug", "I": "info", "W": "warning", "E": "error", "C": "critical"}
_STARTS = re.compile(
    r"(?:error|fatal|fatal error|panic|critical): |panic: |fatal error: |thread '[^']*' panicked at|Fatal Python error|"
    r"Uncaught \w*(?:Error|Exception)\b|Unhandled(?:PromiseRejection| exception| rejection)|Segmentation fault|"
    r"Exception in thread |Exception in ASGI application|[EF]\d{4} \d\d:\d\d:\d\d",
)
_GAVE_UP = re.compile(r"gave up: \S+ entered FATAL state|spawnerr: ")
_ENDED = re.compile(r"exited: \S+ \([^()]*; not expected\)$")
"""supervisord's own words, whose level is no error's: it starts a program no more, and one that it starts again."""
_RESPAWNED = re.compile(
    r"(?:\w{3} \w{3} [ \d]\d [\d:]{8} \d{4} - )?"
    r"(?:\[uwsgi-daemons\] respawning \"|"
    r"(?:DAMN !|OOOPS) .{1,80}(?:died(?!, killed by signal 9 )|crippled|no more).{0,40}trying respawn)"
)
"""uWSGI's: one of its daemons, mules, spoolers or workers ended, and is started again. What it kills itself with signal
9 took longer than ``harakiri`` allows, which a busy machine does to a good release; who asks sees that."""
_BARE_EXCEPTION = re.compile(r"(?:[\w.$]{1,200}\.)?[A-Z]\w{0,80}(?:Error|Exception)\b(?: \[[\w.-]+\])?(?::|$)")
_STACK_FRAME = re.compile(r"\s+at \S.*[(:].*|\s+at \S+$")
_SENTENCE = re.compile(r"[a-z]{2,}")
_PREFIX = 120
_PREFIX_WORDS = 2
_PROBE = re.compile(
    r"\"gonogo[ /-][^\"]{0,200}\"|\bgonogo-(?:probe|check|start)\"|user[-_]?agent\W{1,4}gonogo\b", re.IGNORECASE
)
_JSON_LEVELS = ("level", "levelname", "severity", "log.level", "lvl", "@l", "loglevel", "level_name")
_JSON_MESSAGES = ("message", "msg", "event", "error", "err", "exception", "text", "@m")
_JSON_STACKS = ("exc_info", "exception", "stack", "stack_trace", "traceback", "exc_text")
_PINO_ERROR = 50
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Line:
    """One line, taken apart."""

    raw: str
    source: str
    text: str
    """The line without the prefix of its source and without its time."""
    level: str
    """The level that the line states, in lower case, or nothing."""
    message: str
    is_error: bool
    is_probe: bool
    """It reports a request of our own."""
    is_restart: bool = False
    """A program ended and is started again: an error only where that goes on and on."""

    @property
    def is_indented(self) -> bool:
        """Whether the line continues another one."""
        return self.text[:1] in {" ", "\t", "|", "+"} and bool(self.text.strip())

    @property
    def is_bare_exception(self) -> bool:
        """Whether the line is an exception as Node and Java print it before the stack."""
        return not self.level and bool(_BARE_EXCEPTION.match(self.text))

    @property
    def is_stack_frame(self) -> bool:
        """Whether the line is a frame of such a stack."""
        return bool(_STACK_FRAME.fullmatch(self.text))


def parse_line(raw: str) -> Line:
    """Takes one line apart; any text is accepted."""
    prefix = _SOURCE.match(raw)
    source = prefix[1] if prefix and not _is_level(prefix[1]) else ""
    body = raw[prefix.end() :] if prefix and source else raw
    stamp = _STAMP.match(body)
    text = body[stamp.end() :] if stamp else body
    if text.startswith("{") and (document := _json(text)) is not None:
        return _json_line(raw, source, text, document)
    level, message = _level(text)
    is_error = level in _ERRORS if level else bool(_STARTS.match(text))
    is_restart = bool(_ENDED.match(message) or _RESPAWNED.match(text))
    is_error |= is_restart or bool(_GAVE_UP.match(message))
    return Line(raw, source, text, level, message, is_error, bool(_PROBE.search(raw)), is_restart)


def _is_level(word: str) -> bool:
    return word.casefold() in _LEVELS or word.isdigit()


def _level(text: str) -> tuple[str, str]:
    """Finds the level in the head of a line; what stands before it may name a logger, but says no sentence."""
    if tornado := _TORNADO.match(text):
        return _LETTERS[tornado[1]], text[tornado.end() :]
    head = text[:_PREFIX]
    found = [match for match in (_LEVEL_WORD.search(head), _lower(head)) if match]
    if not found:
        return "", text
    match = min(found, key=lambda item: item.start())
    if len(_SENTENCE.findall(_without_names(head[: match.start()]))) > _PREFIX_WORDS:
        return "", text
    level = next(group for group in match.groups() if group).casefold()
    return level, text[match.end() :].lstrip(" \t:]|/-,;") or text


def _lower(head: str) -> re.Match[str] | None:
    """Finds ``[error]`` or ``level=error``; another word in brackets is a name."""
    return next((match for match in _LOWER.finditer(head) if (match[1] or match[2]).casefold() in _LEVELS), None)


def _without_names(prefix: str) -> str:
    """Leaves out what is no sentence: brackets, key=value pairs, dotted names."""
    return re.sub(r"\[[^\]]*\]|\S+=\S*|[\w-]+(?:\.[\w-]+)+", "", prefix)


def _json(text: str) -> dict[str, Any] | None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _json_line(raw: str, source: str, text: str, document: Mapping[str, Any]) -> Line:
    stated = next((document[key] for key in _JSON_LEVELS if isinstance(document.get(key), str | int)), "")
    is_number = isinstance(stated, int) and not isinstance(stated, bool)
    level = str(stated).casefold()
    is_error = stated >= _PINO_ERROR if is_number and isinstance(stated, int) else level in _ERRORS
    probe = bool(_PROBE.search(raw)) or any("gonogo" in agent.casefold() for agent in _agents(document, 0))
    return Line(raw, source, text, level or "json", _message(document), is_error, probe)


def _message(document: Mapping[str, Any]) -> str:
    parts = [document[key] for key in ("logger", *_JSON_MESSAGES) if isinstance(document.get(key), str)][:2]
    parts += [f"status {document['status']}"] if isinstance(document.get("status"), int) else []
    stacks = [document[key] for key in _JSON_STACKS if isinstance(document.get(key), str) and document[key].strip()]
    parts += [stacks[0].strip().splitlines()[-1]] if stacks else []
    return ": ".join(dict.fromkeys(parts)) or "an error without a message"


def _agents(value: Any, depth: int) -> Iterator[str]:
    """Finds every user agent of a structured line, wherever its logger put it."""
    if depth > _DEEPEST or not isinstance(value, dict):
        return
    for key, item in value.items():
        if key.casefold().replace("-", "_").removeprefix("http_") in {"user_agent", "useragent"}:
            yield str(item)
        else:
            yield from _agents(item, depth + 1)
