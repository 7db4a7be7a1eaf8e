"""Errors in the logs of a release, grouped by what they say.

A line counts when its own level says so (or it is a traceback or a crash), never because the word "error" stands in it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from gonogo.inspection.answers.loglines import Line, parse_line

__all__ = ["ErrorGroup", "ended_by", "error_lines", "new_signatures", "signature"]

_LONGEST = 200
_NO_REASON = re.compile(r"(?:[\w.]+\.)?(?:HaltServer|SystemExit)\b")
_NOISE: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"), "<time>"),
    (re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE), "<id>"),
    (re.compile(r"\b0x[0-9a-f]+\b", re.IGNORECASE), "<hex>"),
    (re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{7,64}\b", re.IGNORECASE), "<hex>"),
    (re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?"), "<address>"),
    (re.compile(r"\d+(?:\.\d+)?"), "<n>"),
    (re.compile(r"\s+"), " "),
)
_FRAME = re.compile(r'\s*File "([^"]+)", line \d+, in (\S+)')
_EXCEPTION = re.compile(r"(?:[A-Za-z_]\w*\.[\w.]*\w|(?=\w*[a-z])[A-Z_]\w*)(?:\[[\w., ]*\])?(?:: .*|:?$)")
"""An exception as Python names it at a traceback's end: with its package, or by a name that is not all capitals."""
_SURE = re.compile(
    r"(?:[A-Za-z_]\w*\.)*\w*(?:Error|Exception|ExceptionGroup|Warning|Exit|Interrupt|Iteration|Timeout|Refused|NotFound)"
    r"(?:\[[\w., ]*\])?(?:: .*|:?$)"
)
"""One that no other line looks like."""
_IN_GROUP = re.compile(r"\s*\|\s")
_AFTER_OUTPUT = re.compile(r"\S.*?\.\.\.\s?")
"""Output that waits for its end, as Django's ``Applying shop.0001_initial...``."""
_RESTARTS = 6
"""So often a program is started again before that is an error: until its database answers, some are a few times."""
_SUPERVISED = re.compile(r"\b(exited|success): (\S{1,200}) (?:\(|entered RUNNING)")
_BETWEEN = 40
"""So many lines of something else may stand between the lines of a traceback."""
_CHAINED = ("During handling of the above exception", "The above exception was the direct cause")
_TRACEBACK = re.compile(r"(?:  \+ )?(?:Exception Group )?Traceback \(most recent call last\):")
_MARGIN = re.compile(r"[ \t]+(?=Traceback \(most recent call last\):$)")
"""Of a traceback that its log sets in below the line that it belongs to, as Tornado's does."""
_TORN_TRACEBACK = re.compile(r".*\bTraceback \(most recent call last\):$")


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """All errors with one signature."""

    signature: str
    count: int
    example: str
    line: int
    """The number of the first one, counted from 1."""
    unfinished: bool = field(default=False, compare=False)
    """It is the traceback at the log's end, and does not say yet which exception it is."""
    lines: tuple[int, ...] = field(default=(), compare=False)
    """The numbers of all of them."""
    said: str = field(default="", compare=False)
    """The line that says what it is: of a traceback its exception, never what others wrote between."""
    in_traceback: bool = field(default=False, compare=False)


@dataclass(slots=True)
class _Open:
    """One error that the following lines of the same source may still belong to."""

    number: int
    text: list[str]
    head: str
    in_traceback: bool = False
    ended: bool = False
    chained: bool = False
    """Whether a line said that the next traceback is of the same error."""
    is_last: bool = False
    """Nothing of its source follows."""
    frame: str = ""
    exception: str = ""
    between: int = 0
    """How many lines of something else stood between its own."""
    margin: str = ""
    """By what all lines of its traceback are set in."""
    is_restart: bool = False

    def name(self, exception: str) -> bool:
        """Takes the exception in, where one was found."""
        self.exception, self.ended = exception or self.exception, self.ended or bool(exception)
        return bool(exception)

    @property
    def said(self) -> str:
        """The line that says what it is."""
        if self.exception or not self.in_traceback:
            return self.exception or self.text[0].strip()
        return f"a traceback without its last line{f', in {self.frame}' if self.frame else ''}"

    @property
    def is_unfinished(self) -> bool:
        """Whether the exception is still to come."""
        return self.in_traceback and not self.ended and self.is_last

    def signature(self) -> str:
        parts = (self.head, self.exception, self.frame and f"in {self.frame}")
        return signature(" | ".join(part for part in parts if part))


def error_lines(lines: Iterable[str], allow: Iterable[str | re.Pattern[str]] = ()) -> tuple[ErrorGroup, ...]:
    """Finds the errors of a log and groups them by signature, in order of appearance.

    Args:
        lines: The log. Prefixes such as ``api-1  | `` are understood, and each source is followed by itself.
        allow: Regular expressions of errors that are known; one that matches any line of an error excuses it.
    """
    allowed = [re.compile(pattern) for pattern in allow]
    lines = list(lines)
    begun = _begun(lines)
    groups: dict[str, ErrorGroup] = {}
    restarts: set[str] = set()
    for found in sorted(_errors(lines), key=lambda item: item.number):
        if found.is_restart and found.number in begun:
            continue
        if any(pattern.search(text) for pattern in allowed for text in found.text):
            continue
        key = found.signature()
        restarts |= {key} if found.is_restart else set()
        fresh = ErrorGroup(
            key, 0, "\n".join(found.text), found.number, said=found.said, in_traceback=found.in_traceback
        )
        known = groups.get(key, fresh)
        groups[key] = replace(
            known,
            count=known.count + 1,
            unfinished=known.unfinished or found.is_unfinished,
            lines=(*known.lines, found.number),
        )
    return tuple(group for key, group in groups.items() if key not in restarts or group.count >= _RESTARTS)


def _begun(lines: Sequence[str]) -> frozenset[int]:
    """The lines of a supervisor about a program that ended before it ran, as often as it took until it did."""
    tried: dict[tuple[str, str], list[int]] = {}
    ran: set[tuple[str, str]] = set()
    begun: list[int] = []
    for number, line in enumerate(lines, 1):
        if said := _SUPERVISED.search(line):
            program = (parse_line(line).source, said[2])
            if said[1] == "success":
                begun += tried.pop(program, [])
                ran.add(program)
            elif program in ran:
                ran.discard(program)
            else:
                tried.setdefault(program, []).append(number)
    return frozenset(begun)


def new_signatures(before: Iterable[ErrorGroup], after: Iterable[ErrorGroup]) -> tuple[ErrorGroup, ...]:
    """Keeps the errors of ``after`` that ``before`` does not have."""
    known = {group.signature for group in before}
    return tuple(group for group in after if group.signature not in known)


def signature(text: str) -> str:
    """Reduces a message to what stays the same each time: times, ids, addresses and numbers become placeholders."""
    text = text[: 4 * _LONGEST]
    for pattern, placeholder in _NOISE:
        text = pattern.sub(placeholder, text)
    return text.strip()[:_LONGEST]


def _errors(lines: Iterable[str]) -> Iterator[_Open]:
    """Follows each source by itself, so that interleaved services do not tear a traceback apart."""
    still_open: dict[str, _Open] = {}
    previous: dict[str, tuple[int, Line]] = {}
    for number, raw in enumerate(lines, 1):
        line = parse_line(raw.rstrip("\r\n"))
        current = still_open.get(line.source)
        if current and _continues(current, _within(current, line)):
            current.text.append(line.raw)
            continue
        if current and _is_between(current):
            current.between += 1
            if line.is_error and not line.is_probe:
                yield _Open(number, [line.raw], line.message)
            continue
        if current:
            yield still_open.pop(line.source)
        if started := _start(number, line, previous.get(line.source)):
            still_open[line.source] = started
        previous[line.source] = (number, line)
    for last in still_open.values():
        last.is_last = not last.between
        yield last


def _within(current: _Open, line: Line) -> Line:
    """The line of a traceback that is set in, as it would stand alone."""
    if (margin := _MARGIN.match(line.text)) and not (current.in_traceback and current.margin):
        current.margin = margin[0]
    inside = current.margin and line.text.startswith(current.margin)
    return replace(line, text=line.text.removeprefix(current.margin)) if inside else line


def _start(number: int, line: Line, previous: tuple[int, Line] | None) -> _Open | None:
    if line.is_probe:
        return None
    if _begins_traceback(line):
        margin = _MARGIN.match(line.text)
        return _Open(number, [line.raw], "", in_traceback=True, margin=margin[0] if margin else "")
    if line.is_stack_frame and previous and previous[1].is_bare_exception:
        return _Open(previous[0], [previous[1].raw, line.raw], previous[1].text, in_traceback=True, ended=True)
    return _Open(number, [line.raw], line.message, is_restart=line.is_restart) if line.is_error else None


def _begins_traceback(line: Line) -> bool:
    """Whether a traceback begins, be it behind output that had not come to its end."""
    return bool(_TRACEBACK.match(line.text) or (not line.level and _TORN_TRACEBACK.match(line.text)))


def _continues(current: _Open, line: Line) -> bool:
    """Whether a line belongs to the open error, and learn from it what the error is."""
    if _begins_traceback(line):
        if current.in_traceback and current.ended and not current.chained:
            return False
        current.in_traceback, current.ended, current.chained = True, False, False
        return True
    if not current.in_traceback:
        return line.is_indented and not line.level
    if line.is_indented or not line.text or line.text.startswith(_CHAINED):
        current.chained = current.chained or line.text.startswith(_CHAINED)
        frame = _FRAME.match(line.text)
        current.frame = f"{frame[1]}:{frame[2]}" if frame else current.frame
        current.name(_after_output(line.text) or _in_group(line.text))
        return True
    return current.name(_exception(current, line))


def _exception(current: _Open, line: Line) -> str:
    """The exception that a line names at the end of a traceback; nothing where it is another line.

    One that any line may look like counts only right below the frames, and until a sure one follows.
    """
    if line.level or (current.ended and _SURE.fullmatch(current.exception)):
        return ""
    is_sure = current.ended or current.between
    return line.text if (_SURE if is_sure else _EXCEPTION).fullmatch(line.text) else _after_output(line.text)


def _after_output(text: str) -> str:
    """The exception that stands behind output which had not come to its end."""
    output = _AFTER_OUTPUT.match(text.lstrip())
    rest = text.lstrip()[output.end() :] if output else ""
    return rest if _SURE.fullmatch(rest) else ""


def _in_group(text: str) -> str:
    """The exception that a line of an exception group names, behind its bars."""
    bars = _IN_GROUP.match(text)
    return text[bars.end() :] if bars and _EXCEPTION.fullmatch(text[bars.end() :]) else ""


def _is_between(current: _Open) -> bool:
    """Whether a line of something else stands in the middle of a traceback, whose last line is still to come."""
    return current.in_traceback and not current.ended and current.between < _BETWEEN


def ended_by(said: Sequence[str]) -> str:
    """Of the exceptions that a program wrote before it ended, the last that is a reason.

    That its workers did not start is no reason (gunicorn's ``HaltServer``), nor that it exits.
    """
    reasons = [one for one in said if not _NO_REASON.match(one)]
    return (reasons or said)[-1]
