"""Long values that anybody finds: a character again and again, a sequence, first words. Pure; no value is told."""

from __future__ import annotations

import itertools
import re

__all__ = ["guessable"]

_FEW = 3
"""So many different characters at most: a random hex key of 12 has less with a chance of one in a million."""
_JUDGED = 12
"""Characters that a value must have to be judged; a shorter one is told as short."""
_UNIT = 8
"""Characters of a text that is repeated."""
_SEQUENCE = 0.8
"""The share of characters that follow the one before them."""
_LONGEST_WORD = 16
_WORDS = re.compile(
    r"passwor[dt]|passwd|passphrase|pass|pwd|secret|change|replace|please|default|insecure|unsafe|dummy|sample|example|placeholder"
    r"|qwerty(?:uiop)?|qwertz(?:uiop)?|asdf(?:ghjkl?)?|letmein|welcome|admin(?:istrator)?|root|user|guest|test(?:ing)?|temp"
    r"|django|flask|fastapi|jwt|token|session|cookie|signing|encryption|auth|api|app|key|string|value|random|super|top|very|long"
    r"|strong|secure|safe|enough|local(?:host)?|dev(?:elopment)?|staging|prod(?:uction)?|only|not|for|the|this|that|is|in|my|me|it"
    r"|to|use|do|a|of|and|with|at|least|chars?|characters?|bytes?|bits?|minimum|hs256",
)
_REST = re.compile(r"[\W_]+|(?:19|20)\d\d|0*1?2?3?4?5?6?7?8?9?0?|(\d)\1*|abc(?:d(?:ef?)?)?|xyz")
"""What people put between and behind words to make them longer."""
_TELLING = re.compile(
    r"passwor[dt]|passwd|passphrase|secret|change|qwert|asdf|letmein|default|insecure|test|key|token|admin|dummy"
)


def guessable(value: str) -> str:
    """Why a value is found by anybody who tries; empty where nothing says so."""
    text = value.strip()
    if len(text) < _JUDGED:
        return ""
    if len(set(text)) <= _FEW:
        return f"is made of {_count(len(set(text)), 'character')}, again and again"
    folded = text.casefold()
    if any(folded == (folded[:at] * (len(folded) // at + 1))[: len(folded)] for at in range(1, _UNIT + 1)):
        return "is a few characters, again and again"
    if _is_sequence(folded):
        return "is a sequence such as 0123456789"
    if _TELLING.search(folded) and not _left(folded):
        return "is made of the first words that anybody tries"
    return ""


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _is_sequence(text: str) -> bool:
    """Whether nearly each character is the next one, or the one before, of the code, be it begun anew."""
    steps = [ord(after) - ord(before) for before, after in itertools.pairwise(text)]
    return any(steps.count(step) >= _SEQUENCE * len(steps) for step in (1, -1))


def _left(text: str) -> str:
    """What stands in a value beside the words, and what people put around them."""
    parts = re.split(r"[\W_]+", text)
    return "".join(part for part in parts if not _is_words(part))


def _is_words(part: str) -> bool:
    """Whether a part is nothing but such words, one after the other, with numbers that are a sequence."""
    reached = {0}
    for start in range(len(part)):
        if start in reached:
            ends = range(start + 1, min(len(part), start + _LONGEST_WORD) + 1)
            reached |= {end for end in ends if any(one.fullmatch(part, start, end) for one in (_WORDS, _REST))}
    return len(part) in reached
