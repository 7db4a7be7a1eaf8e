"""What a Dockerfile starts, and where the repository's files land."""

from __future__ import annotations

from gonogo.detect.images import read_image
from gonogo.detect.tree import Tree

__all__: list[str] = []

DOCKERFILE = """\
FROM python:3.11 AS builder
WORKDIR /build
COPY . .
CMD ["nothing"]

FROM python:3.11-slim
ENV HOME=/home/app APP=/home/app/web
WORKDIR $APP
COPY --from=builder /build/requirements.txt .
COPY . $APP
HEALTHCHECK --interval=5s --retries=2 CMD curl -f http://localhost:8000/up
ENTRYPOINT ["./start.sh"]
CMD gunicorn shop.wsgi
"""


def test_a_stage_is_read_as_it_is_built() -> None:
    """Variables, other stages, entry point, command and health check are the last stage's."""
    tree = Tree.of({"web/Dockerfile": DOCKERFILE, "web/shop/wsgi.py": "", "web/requirements.txt": "", "other.py": ""})
    image = read_image(tree, "web/Dockerfile", context="web")

    assert image.workdir == "/home/app/web"
    assert image.files["/home/app/web/shop/wsgi.py"] == "web/shop/wsgi.py"
    assert "other.py" not in image.files.values()
    assert image.code == {"web": "/home/app/web"}
    assert (image.entrypoint, image.command) == (("./start.sh",), ("sh", "-c", "gunicorn shop.wsgi"))
    assert image.healthcheck == ("CMD-SHELL", "curl -f http://localhost:8000/up")
    assert image.health_times == {"interval": "5s", "retries": "2"}


def test_a_named_stage_is_the_one_that_is_built() -> None:
    """`target` ends the reading at that stage."""
    tree = Tree.of({"Dockerfile": DOCKERFILE, "a.py": ""})

    assert read_image(tree, "Dockerfile", context=".", target="builder").command == ("nothing",)


def test_what_is_left_out_of_the_context_is_not_in_the_image() -> None:
    """The ignore file counts."""
    tree = Tree.of({"Dockerfile": DOCKERFILE, "a.py": "", "secret.py": "", ".dockerignore": "secret.py\n"})

    assert "secret.py" not in read_image(tree, "Dockerfile", context=".").files.values()
