"""A Dockerfile says why a file is not in its image, or why its content is another."""

from __future__ import annotations

import pytest

from gonogo.inspection.code.brought import image_of
from gonogo.inspection.code.recipe import BuildRecipe

__all__: list[str] = []

FILES = ["app/main.py", "app/version.py", "app/static/app.js", "app/static/index.html", "docs/index.md"]


def recipe(text: str, *, ignored: frozenset[str] = frozenset()) -> BuildRecipe:
    """The recipe of a Dockerfile."""
    return BuildRecipe(dockerfile="Dockerfile", image=image_of(text, files=set(FILES) - ignored), ignored=ignored)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("FROM p\nCOPY . /x\n", ""),
        ("FROM p\nCOPY app /x\n", "no COPY of Dockerfile brings it"),
        (
            "FROM p\nCOPY . /x\nRUN pip install -r r.txt && rm -rf /x/docs\n",
            "RUN pip install -r r.txt && rm -rf /x/docs may remove it",
        ),
        (
            "FROM p AS b\nCOPY . /x\nRUN find /x -name '*.md' -delete\nFROM p\nCOPY --from=b /x /y\n",
            "RUN find /x -name '*.md' -delete may remove it",
        ),
        ("FROM p\nRUN rm -rf /tmp/cache\nCOPY . /x\nRUN python -m compileall /x\n", ""),
        ("FROM p\nCOPY app /x\nCOPY $MORE /x\n", ""),
    ],
)
def test_why_a_file_is_left_out(text: str, why: str) -> None:
    """A narrower COPY, a RUN after it that removes; what cannot be followed excuses nothing."""
    assert recipe(text).left_out("docs/index.md") == why


def test_an_ignore_file_leaves_out() -> None:
    """It is said before anything of the Dockerfile."""
    assert recipe("FROM p\nCOPY . /x\n", ignored=frozenset({"docs/index.md"})).left_out("docs/index.md") == (
        "an ignore file leaves it out"
    )


@pytest.mark.parametrize(
    ("run", "is_rewritten"),
    [
        ("RUN sed -i s/DEV/1.2/ app/version.py", True),
        ("RUN echo 1.2 > /x/app/version.py", True),
        ("RUN cat app/version.py", False),
        ("RUN sed -i s/a/b/ app/version.py.in my-version.py", False),
        ("RUN --mount=type=cache,target=/c cp /c/version.py app/version.py", False),
    ],
)
def test_a_run_that_names_a_file_may_rewrite_it(run: str, is_rewritten: bool) -> None:  # noqa: FBT001
    """By the file's own name and a word that writes; what comes from a cache of earlier builds is not believed."""
    assert bool(recipe(f"FROM p\nCOPY . /x\n{run}\n").rewritten("app/version.py")) is is_rewritten


def test_builds_make_files_of_some_kinds() -> None:
    """Scripts and styles after any RUN, pages where another stage's result is laid over them, sources never."""
    ran = recipe("FROM p\nCOPY . /x\nRUN npm run build\n")
    laid = recipe("FROM n AS ui\nRUN npm run build\nFROM p\nCOPY . /x\nCOPY --from=ui /dist /x/app/static\n")
    plain = recipe("FROM p\nRUN pip install x\nCOPY . /x\n")

    assert [ran.is_made(path) for path in FILES] == [False, False, True, False, False]
    assert [laid.is_made(path) for path in FILES] == [False, False, True, True, False]
    assert not any(map(plain.is_made, FILES))
