"""What a worker's heartbeat is: a file that it writes anew, or a key of a store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gonogo.checks.build import probing
from gonogo.config import Heartbeat, Service
from gonogo.inspection import probe_answers
from gonogo.inspection.answers.compared import age_of
from gonogo.probes import redis
from gonogo.runtimes.base import Inside

__all__ = ["Beat", "is_fresh", "look"]

_MOMENT = 1e9
"""A smaller number counts something else than seconds since 1970."""
_FILE = """\
import json, os, sys, time
try:
    found = os.stat(sys.argv[1]).st_mtime
except OSError:
    found = None
print("\\n<<gonogo-beat>>" + json.dumps({"age": None if found is None else time.time() - found}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """What is there of a heartbeat."""

    there: bool
    age: float | None = None
    """Seconds since it was left, where that can be known."""
    text: str = ""
    left: int | None = None
    """Milliseconds until the store forgets it."""

    def __str__(self) -> str:
        """What was found."""
        if self.age is not None:
            return f"a beat {self.age:.0f} s ago"
        return f"no other beat than {self.text[:40]!r}" if self.there else "no beat"


def look(heartbeat: Heartbeat, inside: Inside, service: Service) -> Beat:
    """What is there now.

    Raises:
        InconclusiveError: it could not be looked at.
    """
    if heartbeat.file is not None:
        done = probing.ask(inside, service, _FILE, heartbeat.file, isolated=True)
        age = probing.marked(inside, done, "<<gonogo-beat>>")["age"]
        return Beat(there=age is not None, age=age)
    done = probing.ask(inside, service, probe_answers.script("redis.py"), heartbeat.key or "", isolated=False)
    stores = probing.marked(inside, done, redis.MARKER)["stores"]
    found = next((one for one in stores if one.get("text") is not None), None)
    return Beat(there=False) if found is None else _of_store(found)


def _of_store(found: Mapping[str, Any]) -> Beat:
    text, now = str(found["text"]), datetime.now(UTC)
    try:
        number = float(text)
    except ValueError:
        age = age_of(text, now=now)
    else:
        age = age_of(number, now=now) if number > _MOMENT else None
    return Beat(there=True, age=age, text=text, left=found.get("left"))


def is_fresh(beat: Beat, first: Beat, *, within: float, ran: float) -> bool:
    """Whether a beat was left in time by what runs now, and not by what ran before it.

    A key without a moment in it, which the store keeps for longer than a beat may take, may be years old.

    Args:
        beat: what is there now.
        first: what was there when it was first looked at.
        within: the longest between two beats, in seconds.
        ran: for how many seconds the instance runs; infinite where it does not matter who left it.
    """
    if beat.age is not None:
        return beat.age <= min(within, ran)
    if not beat.there:
        return False
    is_forgotten = 0 < (beat.left or 0) <= within * 1000
    renewed = not first.there or beat.text != first.text or (beat.left or 0) > (first.left or 0)
    return renewed or (ran > within and is_forgotten)
