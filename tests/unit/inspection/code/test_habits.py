"""What a Dockerfile costs each build, and what is no fault."""

from __future__ import annotations

import pytest

from gonogo.inspection.code.habits import habits

__all__: list[str] = []

LATE = """\
FROM python:3.12-slim
RUN apt-get update && apt-get install -y libpq5
COPY . .
RUN pip install -r requirements.txt
"""
CAREFUL = """\
FROM node:22 AS assets
COPY . .
RUN npm ci
FROM python:3.12-slim AS base
RUN apt-get update \\
 && apt-get install -y --no-install-recommends libpq5 \\
 && rm -rf /var/lib/apt/lists/*
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt
FROM base
COPY --from=assets /dist ./static
COPY . .
RUN pip install --no-deps .
"""


def test_what_costs_every_build_is_told_with_its_line() -> None:
    """The order of COPY and RUN, and the lists of apt."""
    assert list(habits(LATE)) == [
        (
            4,
            "installs packages after COPY . ., so that each change of the source installs them again; expected what names "
            "them to be copied first",
        ),
        (2, "leaves the lists of apt in the image; expected rm -rf /var/lib/apt/lists/* at the end of that RUN"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        CAREFUL,
        "no Dockerfile\n",
        "FROM python:3.12\nCOPY . .\nRUN python -m compileall .\n",
        "FROM python:3.12\nCOPY . .\nRUN --mount=type=cache,target=/root/.cache/uv uv sync\n",
        "FROM python:3.12\nRUN --mount=type=cache,target=/var/lib/apt/lists apt-get update && apt-get install -y jq\n",
    ],
)
def test_a_careful_dockerfile_is_told_nothing(text: str) -> None:
    """Stages that leave no layers, packages first, caches that are kept, the application itself as a package."""
    assert list(habits(text)) == []


def test_another_target_has_its_own_stages() -> None:
    """Of a stage that another service is built to, only what it is made with counts."""
    assert [line for line, _ in habits(CAREFUL, target="assets")] == [3]
    assert list(habits(CAREFUL, target="base")) == []
