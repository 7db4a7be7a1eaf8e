"""What a Dockerfile brings is followed file by file, and told as `code` of gonogo.toml."""

from __future__ import annotations

import pytest

from gonogo.inspection.code.brought import Image, code_of, image_of, seen_from
from gonogo.inspection.code.dockerfile import DockerfileError

__all__: list[str] = []

FILES = [
    "requirements.txt",
    "nginx.conf",
    "backend/app/main.py",
    "backend/app/views/home.py",
    "frontend/public/robots.txt",
    "frontend/src/index.js",
]
STAGES = """\
FROM node AS ui
WORKDIR /ui
COPY frontend .
RUN npm run build
FROM python AS web
WORKDIR /srv
COPY backend/app app
FROM nginx AS edge
COPY --from=ui /ui/dist /usr/share/nginx/html
COPY --from=ui /ui/public/robots.txt /usr/share/nginx/html/
COPY nginx.conf /etc/nginx/conf.d/
"""


def places(image: Image) -> dict[str, str]:
    """Path in the image → path in the context."""
    return {at: one.path for at, one in image.files.items()}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("FROM p\nWORKDIR /app\nCOPY requirements.txt /tmp/\nCOPY . .", {".": "/app"}),
        ("FROM p\nWORKDIR /app\nCOPY backend/app ./app", {"backend/app": "/app/app"}),
        ("FROM p\nCOPY backend/app /app/backend/app\nWORKDIR /app/backend", {"backend/app": "/app/backend/app"}),
        ("FROM p\nENV HOME=/srv\nWORKDIR $HOME\nWORKDIR x\nCOPY backend/ ./", {"backend": "/srv/x"}),
        ("FROM nginx\nCOPY nginx.conf /etc/nginx/conf.d/", {"nginx.conf": "/etc/nginx/conf.d/nginx.conf"}),
        ("FROM nginx\nADD nginx.conf /etc/nginx/nginx.conf", {"nginx.conf": "/etc/nginx/nginx.conf"}),
        ("FROM p\nCOPY *.txt *.conf /x/", {"nginx.conf": "/x/nginx.conf", "requirements.txt": "/x/requirements.txt"}),
        ("FROM p\nCOPY back* /x", {"backend": "/x"}),
        ("FROM p\nCOPY --parents ./backend/./app/main.py /x/", {"backend/app/main.py": "/x/app/main.py"}),
        ("FROM p\nCOPY --exclude=**/*.js frontend /ui", {"frontend": "/ui"}),
        ("FROM p\nRUN pip install shop", {}),
        ("FROM p\nCOPY --from=other:1 /backend /app", {}),
    ],
)
def test_copy_says_where_the_code_is(text: str, code: dict[str, str]) -> None:
    """Folders land with their content, files under their name where a folder is meant, and redundant copies are one."""
    assert code_of(image_of(text, files=FILES)) == code


def test_stages_are_followed() -> None:
    """The last stage holds what it takes of others; what another stage makes stands in no repository."""
    image = image_of(STAGES, files=FILES)

    assert (image.base, image.workdir) == ("nginx", "/")
    assert places(image) == {
        "/usr/share/nginx/html/robots.txt": "frontend/public/robots.txt",
        "/etc/nginx/conf.d/nginx.conf": "nginx.conf",
    }


def test_the_target_is_the_stage_that_is_built() -> None:
    """By name or number; a stage that there is not is said."""
    assert code_of(image_of(STAGES, files=FILES, target="web")) == {"backend/app": "/srv/app"}
    assert code_of(image_of(STAGES, files=FILES, target="0")) == {"frontend": "/ui"}
    with pytest.raises(DockerfileError, match="found no stage prod, expected one of 0, ui, 1, web, 2, edge"):
        image_of(STAGES, files=FILES, target="prod")


def test_a_stage_begins_with_what_its_base_has() -> None:
    """Files, working folder and variables of the stage that it is made from."""
    text = "FROM p AS base\nENV AT=/x\nWORKDIR /srv\nCOPY requirements.txt .\nFROM base\nCOPY nginx.conf $AT/\nCOPY backend .\n"

    assert code_of(image_of(text, files=FILES)) == {
        "backend": "/srv",
        "nginx.conf": "/x/nginx.conf",
        "requirements.txt": "/srv/requirements.txt",
    }


def test_build_arguments_fill_in() -> None:
    """Given ones before defaults, those before the first FROM where a stage asks for them; ENV before ARG."""
    text = "ARG AT=/global\nFROM p\nARG AT\nARG SUB=low\nENV SUB=high\nCOPY backend $AT/$SUB\n"

    assert code_of(image_of(text, files=FILES)) == {"backend": "/global/high"}
    assert code_of(image_of(text, files=FILES, args={"AT": "/given"})) == {"backend": "/given/high"}


def test_what_only_the_build_knows_is_unclear() -> None:
    """A variable of the base image, or of the platform; the rest is followed all the same."""
    image = image_of(
        "FROM p\nARG TARGETARCH\nCOPY backend $HERE\nCOPY nginx.conf /x/$TARGETARCH/\nCOPY backend /y", files=FILES
    )

    assert image.unclear == ("line 3: COPY backend $HERE", "line 4: COPY nginx.conf /x/$TARGETARCH/")
    assert code_of(image) == {"backend": "/y"}


def test_what_ran_afterwards_is_kept() -> None:
    """A RUN may change or remove what was brought before it, in the stage that it is taken from too."""
    text = "FROM p AS b\nRUN first\nCOPY backend /b\nRUN rm -rf /b/app/views\nFROM p\nCOPY --from=b /b /c\nCOPY nginx.conf /n\nRUN last\n"
    files = image_of(text, files=FILES).files

    assert files["/c/app/main.py"].runs == ("rm -rf /b/app/views", "last")
    assert files["/n"].runs == ("last",)


def test_additional_contexts_are_contexts_of_their_own() -> None:
    """Seen from the repository, each has its place there; what stands outside is not the application's."""
    image = image_of(
        "FROM p\nCOPY --from=shared a.py /s/\nCOPY app /app\nCOPY --from=else x /x\n",
        files=["app/main.py"],
        contexts={"shared": ["a.py"], "else": ["x"]},
    )
    contexts = {"": "/r/backend", "shared": "/r/libs/shared", "else": "/elsewhere"}

    assert code_of(seen_from(image, root="/r", contexts=contexts)) == {
        "backend/app": "/app",
        "libs/shared/a.py": "/s/a.py",
    }


def test_a_context_may_hold_the_applications_folder() -> None:
    """The application is a folder of a monorepo that is the context."""
    files = ["backend/app/main.py", "frontend/x.js"]
    whole = image_of("FROM p\nCOPY . /src\n", files=files)
    part = image_of("FROM p\nCOPY backend/app /srv/app\nCOPY frontend /ui\n", files=files)

    assert code_of(seen_from(whole, root="/r/backend", contexts={"": "/r"})) == {".": "/src/backend"}
    assert code_of(seen_from(part, root="/r/backend", contexts={"": "/r"})) == {"app": "/srv/app"}
