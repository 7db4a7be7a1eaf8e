"""Build arguments that are baked in, and those that an image is as good without."""

from __future__ import annotations

import pytest

from gonogo.inspection.code.arguments import unfilled

__all__: list[str] = []

NODE = """\
FROM node:22 AS pages
ARG VITE_API
RUN npm ci
RUN npm run build
FROM nginx:1.27
COPY --from=pages /app/dist /usr/share/nginx/html
"""


def said(text: str, *, target: str = "", given: tuple[str, ...] = (), variables: tuple[str, ...] = ()) -> list[str]:
    """Each argument with what takes it."""
    found = unfilled(text, target=target, given=given, variables=variables)
    return [f"{one.name} by {one.taken_by}" for one in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM a:1\nARG API\nENV API=$API\n", ["API by ENV API"]),
        ("FROM a:1\nARG API\nENV URL=https://${API}/v1\n", ["API by ENV URL"]),
        ('FROM a:1\nARG API\nENV A=1 URL="x $API"\n', ["API by ENV URL"]),
        ("FROM a:1\nARG API\nENV API $API\n", ["API by ENV API"]),
        ("FROM a:1\nARG A API\nENV API=$API\n", ["API by ENV API"]),
        ("FROM a:1 AS base\nARG API\nFROM base\nENV API=$API\n", ["API by ENV API"]),
        (NODE, ["VITE_API by RUN npm run build"]),
        (NODE.replace("RUN npm run", "ENV VITE_API=$VITE_API\nRUN npm run"), ["VITE_API by ENV VITE_API"]),
        (NODE.replace("AS pages", "").replace("from=pages", "from=0"), ["VITE_API by RUN npm run build"]),
    ],
)
def test_an_argument_that_is_baked_in_is_found(text: str, expected: list[str]) -> None:
    """In the image's variables, or in a build of pages whose files the image takes."""
    assert said(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "FROM a:1\nARG API=http://api\nENV API=$API\n",
        "ARG API=http://api\nFROM a:1\nARG API\nENV API=$API\n",
        "FROM a:1\nARG API\nENV API=${API:-http://api}\n",
        "FROM a:1\nARG API\nRUN echo $API\n",
        "FROM a:1\nARG API\nENV APIS=1 B=$APIS\n",
        "FROM a:1\nARG GIT_COMMIT\nENV GIT_COMMIT=$GIT_COMMIT\n",
        "FROM a:1\nARG TARGETARCH\nENV ARCH=$TARGETARCH\n",
        "FROM a:1\nARG HTTP_PROXY\nENV http_proxy=$HTTP_PROXY\n",
        "FROM a:1\nARG PIP_ARGS\nENV PIP_ARGS=$PIP_ARGS\n",
        "FROM a:1\nARG API\nLABEL api=$API\n",
        "FROM a:1\nENV API=$API\nARG API\n",
        "FROM a:1 AS made\nARG API\nENV API=$API\nFROM b:1\nCOPY --from=made /a /a\n",
        "FROM a:1 AS made\nARG VITE_API\nRUN npm run build\nFROM b:1\n",
        "FROM a:1\nARG VITE_API\nRUN pip install .\n",
        "no Dockerfile",
    ],
)
def test_an_argument_that_an_image_is_as_good_without_is_none(text: str) -> None:
    """A default, another use, what says where an image comes from, what adds to a command, a stage that is not used."""
    assert said(text) == []


def test_what_is_given_is_none() -> None:
    """By build.args; or at the start, which pages that were built do not see."""
    text = "FROM a:1\nARG API VITE_API\nENV API=$API\nENV VITE_API=$VITE_API\n"

    assert said(text, given=("API", "VITE_API")) == []
    assert said(text, variables=("API", "VITE_API")) == ["VITE_API by ENV VITE_API"]


def test_only_the_stage_that_becomes_the_image_counts() -> None:
    """And what it is made from."""
    text = "FROM a:1 AS web\nARG API\nENV API=$API\nFROM a:1 AS dev\nARG X\nENV X=$X\n"

    assert said(text, target="web") == ["API by ENV API"]
    assert said(text) == ["X by ENV X"]
