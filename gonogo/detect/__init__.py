"""What ``gonogo init`` finds out about a repository that it has never seen.

One small module for each kind of fact; most are pure. ``survey`` puts them together, ``writing`` makes the gonogo.toml.
"""

from __future__ import annotations

from gonogo.detect.facts import Fact, Found, Given, Question, ServiceFacts
from gonogo.detect.survey import survey

__all__ = ["Fact", "Found", "Given", "Question", "ServiceFacts", "survey"]
