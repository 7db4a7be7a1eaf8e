"""A metric in Prometheus' text format, looked at again and again. Pure."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families

from gonogo.config.metrics import MetricRule

__all__ = ["Followed", "value_of"]

_COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "!=": operator.ne,
}
_BELOW = frozenset({"<", "<="})


def value_of(text: str, metric: str, labels: Mapping[str, str]) -> float | None:
    """The sum of the samples of that name and with those labels; None where there is none, or none that is a number.

    Raises:
        ValueError: a line of them cannot be read.
    """
    lines = [
        line for line in text.splitlines() if line.startswith(metric) and line[len(metric) :][:1] in {"{", " ", "\t"}
    ]
    found = [
        sample.value
        for family in text_string_to_metric_families("\n".join((*lines, "")))
        for sample in family.samples
        if sample.name == metric and labels.items() <= sample.labels.items() and not math.isnan(sample.value)
    ]
    return sum(found) if found else None


@dataclass(kw_only=True)
class Followed:
    """What was seen of one metric, and for how long it was not as it should be."""

    rule: MetricRule
    looks: int = 0
    """How often it was there."""
    problem: str = ""
    """Why it was not, the last time."""
    began_again: int = 0
    """How often a metric that only grows was smaller than before: another process answered, or the same one anew."""
    last: float | None = None
    """What was compared the last time."""
    longest: float = 0.0
    """Seconds that it was wrong without a break."""
    _since: float | None = None
    _values: list[tuple[float, float]] = field(default_factory=list)

    def note(self, value: float, *, at: float) -> None:
        """One look at it, so many seconds after the first."""
        self.looks, self.problem = self.looks + 1, ""
        self.last = value if self.rule.per is None else self._growth(value, at, self.rule.per)
        limit = self.rule.limit
        wrong = self.last is not None and not _COMPARED[limit.operator](self.last, limit.number or 0.0)
        if not wrong:
            self._since = None
            return
        self._since = at if self._since is None else self._since
        self.longest = max(self.longest, at - self._since)

    def _growth(self, value: float, at: float, per: float) -> float | None:
        """By how much it grew within the last so many seconds; None while that is not known yet."""
        if self._values and value < self._values[-1][1]:
            self.began_again, self._values = self.began_again + 1, []
        self._values.append((at, value))
        while len(self._values) > 1 and self._values[1][0] <= at - per:
            del self._values[0]
        known = at - self._values[0][0] >= per or self.rule.limit.operator in _BELOW
        return value - self._values[0][1] if known else None

    @property
    def is_red(self) -> bool:
        """Whether it was wrong for as long as it may not be."""
        return self.longest >= self.rule.for_

    @property
    def is_open(self) -> bool:
        """Whether it is wrong now."""
        return self._since is not None

    @property
    def said(self) -> str:
        """What is wrong with it, or was."""
        grew = f"grew by {self.last:g} in {self.rule.per:g} s" if self.rule.per and self.last is not None else ""
        return grew or f"{self.last:g}" if self.last is not None else "nothing"
