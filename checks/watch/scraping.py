"""Pages of metrics in Prometheus' text format, asked while a release is watched."""

from __future__ import annotations

from collections.abc import Sequence

import httpx
import pytest

from gonogo.checks.postdeploy.requested import requested
from gonogo.config import Endpoint, MetricRule
from gonogo.errors import GonogoError
from gonogo.inspection.answers.followed import Followed, value_of
from gonogo.plugins.evidence import InconclusiveError
from gonogo.plugins.limits import Limits
from gonogo.runtimes.base import Inspector, Place

__all__ = ["Pages"]

_MOST = 10 << 20
"""Characters of a page that are read."""
_WITHIN = 2.0
_RESTS = 6
"""As many looks a page that did not answer is left alone."""


class Pages:
    """Where metrics stand; each page is asked once for all of its metrics."""

    def __init__(self, inspector: Inspector, place: Place, limits: Limits) -> None:
        """Nothing is asked yet."""
        self._inspector, self._place, self._limits = inspector, place, limits
        self._rests: dict[tuple[str, str], int] = {}

    def follow(self, metrics: Sequence[Followed], *, at: float) -> None:
        """Looks at each metric."""
        texts: dict[tuple[str, str], str] = {}
        for one in metrics:
            url = one.rule.url or self._inspector.url(one.rule.service)
            if url is None:
                one.problem = "no address is known where its page is, expected url"
                continue
            page = url.rstrip("/"), one.rule.path
            if self._rests.get(page, 0) > 0:
                continue
            try:
                if page not in texts:
                    texts[page] = self._text(one.rule, page)
                value = value_of(texts[page], one.rule.metric, one.rule.labels)
            except (InconclusiveError, GonogoError, httpx.HTTPError, ValueError, pytest.fail.Exception) as error:
                one.problem = f"GET {page[1]}: {' '.join(str(error).split())}"
                self._rests[page] = _RESTS
                continue
            if value is None:
                one.problem = f"GET {page[1]}: found no {one.rule.label}, expected the metric"
            else:
                one.note(value, at=at)
        self._rests = {page: left - 1 for page, left in self._rests.items() if left > 0}

    def _text(self, rule: MetricRule, page: tuple[str, str]) -> str:
        """A page.

        Raises:
            InconclusiveError: it is none, or too long.
        """
        self._limits.begin()
        endpoint = Endpoint(request=f"GET {page[1]}", send={"Accept": "text/plain", **rule.send})
        answer = requested(endpoint, page[0], self._place, self._limits, within=_WITHIN)
        if answer.status != httpx.codes.OK:
            raise InconclusiveError(f"found {answer.status}, expected 200")
        if answer.cut or len(answer.text) > _MOST:
            raise InconclusiveError(f"found more than can be read ({answer.cut or 'over 10 MiB'}), expected a page")
        return answer.text
