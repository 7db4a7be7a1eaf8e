"""What one Dockerfile has wrong for several services is one finding, or one warning."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from gonogo.checks.build.holding import made_alike
from gonogo.checks.build.test_image import test_base_images_are_pinned as pinned
from gonogo.checks.build.test_image import test_image_does_not_run_as_root as no_root
from gonogo.inspection.code.brought import image_of
from gonogo.inspection.code.recipe import BuildRecipe
from gonogo.plugins.evidence import Collected
from gonogo.records.findings import findings, once_each
from gonogo.records.red import warnings_of
from gonogo.records.results import CheckResult
from gonogo.words import Outcome
from tests.unit.records.samples import a_check, a_gate

__all__: list[str] = []


def artifact(service: str, *, dockerfile: str = "Dockerfile", image: str = "sha256:1") -> Any:
    """The image of a service."""
    recipe = SimpleNamespace(dockerfile=dockerfile) if dockerfile else None
    facts = SimpleNamespace(id=image, user="", command=("python", "app.py"), workdir="/srv")
    return SimpleNamespace(
        service=service,
        label=f"image shop-{service}:1",
        layout=SimpleNamespace(recipe=recipe),
        facts=facts,
        text={"/srv/start.sh": 'exec su-exec "$USER" gunicorn app:app\n', "/run.sh": "exec gunicorn app:app\n"}.get,
    )


def engine(*entry: str) -> Any:
    """What says how an image starts."""
    return SimpleNamespace(run=lambda *_, **__: SimpleNamespace(ok=True, output=json.dumps({"Entrypoint": entry})))


def warned(one: Any, model: dict[str, Any]) -> CheckResult:
    """What B11 says of it."""
    evidence = Collected()
    with pytest.raises(AssertionError) as caught:
        no_root(one, SimpleNamespace(model=model), engine(), evidence)
    facts = {"breaks": tuple(evidence.broken), "needs": tuple(evidence.needed)}
    code = f"B11[{one.service}]"
    return a_check(id=code, code=code, outcome=Outcome.WARNED, found=str(caught.value).split("\n")[0], **facts)


def test_one_dockerfile_warns_once_for_all_its_services() -> None:
    """Three services of it are one line that names them; one of another Dockerfile, or with a user of its own, another."""
    artifacts = [artifact(name, image=f"sha256:{name}") for name in ("web", "worker", "dashboard", "mail")]
    artifacts.append(artifact("front", dockerfile="front/Dockerfile"))
    model = {"services": {"mail": {"user": "0"}}}
    said = warnings_of(a_gate(*(warned(one, model) for one in artifacts)))

    assert [(check.code, check.found) for check in said] == [
        ("B11[web, worker, dashboard]", "image shop-web:1: user: found root, expected another"),
        ("B11[mail]", "image shop-mail:1: user: found 0, expected another"),
        ("B11[front]", "image shop-front:1: user: found root, expected another"),
    ]


@pytest.mark.parametrize(
    ("command", "entry"),
    [("./start.sh", ()), ("sh start.sh", ()), ("./start.sh", ("/run.sh",)), ("gunicorn app:app", ("/srv/start.sh",))],
)
def test_a_script_that_starts_the_service_as_another_user_warns_of_no_root(
    command: str, entry: tuple[str, ...]
) -> None:
    """The user of the image has to be root then: it owns the volume, or looks at it first."""
    model = {"services": {"web": {"command": command}}}

    with pytest.raises(pytest.skip.Exception, match=r"start\.sh gives up root by itself"):
        no_root(artifact("web"), SimpleNamespace(model=model), engine(*entry), Collected())


def test_a_script_that_stays_root_warns() -> None:
    """A script of the image's own is read for what it starts."""
    assert warned(artifact("web"), {"services": {"web": {"command": "/run.sh"}}}).found


def test_images_without_a_version_are_advised_of() -> None:
    """Of compose files too; not a release's own, one by digest, or one that a variable names."""
    images = {
        "db": "postgres",
        "cache": "redis:latest",
        "web": "shop-web:20261129T1",
        "mail": "m@sha256:0",
        "x": "$TAG",
    }
    model = {"services": {name: {"image": image} for name, image in images.items()}}
    evidence = Collected()
    inspector = SimpleNamespace(model=model, artifacts=list)
    pinned(inspector, SimpleNamespace(), SimpleNamespace(release=None), SimpleNamespace(commands={}), evidence)  # type: ignore[arg-type]

    assert evidence.advice == [
        "service cache: found image redis:latest, expected a version of it",
        "service db: found image postgres, expected a version of it",
    ]


@pytest.mark.parametrize(
    ("brought", "commands", "advice"),
    [
        (
            (),
            {},
            [
                "Dockerfile: found ARG NEXT_PUBLIC_API without a value, which ENV NEXT_PUBLIC_API takes; expected one under "
                "build.args, or a default"
            ],
        ),
        (("web", "worker"), {}, []),
        ((), {"build": ("make", "images")}, []),
    ],
)
def test_a_build_argument_without_a_value_is_told_once(
    brought: tuple[str, ...], commands: dict[str, tuple[str, ...]], advice: list[str]
) -> None:
    """B17 tells it once for both services; nothing of an image that CI built, or of a build of the team's own."""
    text = "FROM python:3.12\nARG NEXT_PUBLIC_API\nENV NEXT_PUBLIC_API=$NEXT_PUBLIC_API\n"
    recipe = BuildRecipe(dockerfile="Dockerfile", image=image_of(text, files=()), ignored=frozenset(), text=text)
    artifacts = [SimpleNamespace(service=name, layout=SimpleNamespace(recipe=recipe)) for name in ("web", "worker")]
    inspector = SimpleNamespace(model={}, artifacts=lambda: artifacts, described=lambda _: None)
    evidence = Collected()
    pinned(
        inspector,
        SimpleNamespace(text=lambda _: text),  # type: ignore[arg-type]
        SimpleNamespace(release=SimpleNamespace(brought=brought)),  # type: ignore[arg-type]
        SimpleNamespace(commands=commands),  # type: ignore[arg-type]
        evidence,
    )

    assert evidence.advice == advice


def test_images_that_are_built_elsewhere_are_known_by_their_id() -> None:
    """Two services of one image are alike, two images are not."""
    same, other = artifact("web", dockerfile=""), artifact("jobs", dockerfile="", image="sha256:2")

    assert made_alike(same, "files") == made_alike(artifact("worker", dockerfile=""), "files")
    assert made_alike(same, "files") != made_alike(other, "files")
    assert made_alike(same, "files") != made_alike(same, "bytecode")


def test_what_is_red_for_one_dockerfile_is_one_finding() -> None:
    """The first is the finding and the others follow it, also what needs the entry point of another service."""
    files = made_alike(artifact("web"), "files")

    def red(code: str, *, breaks: tuple[str, ...] = (), needs: tuple[str, ...] = ()) -> CheckResult:
        return a_check(id=code, code=code, outcome=Outcome.FAILED, breaks=breaks, needs=needs)

    found = findings([red(f"B02[{name}]", breaks=(files,), needs=(files,)) for name in ("web", "worker")])
    missing = made_alike(artifact("web"), "ModuleNotFoundError redis")
    imports = [
        *(red(f"B04[{name}]", breaks=(f"entry point of {name}", missing), needs=(missing,)) for name in ("a", "b")),
        red("B06[b]", needs=("entry point of b",)),
    ]

    assert [(one.check.code, [check.code for check in one.red]) for one in found] == [("B02[web]", ["B02[worker]"])]
    assert [(one.check.code, [check.code for check in one.red]) for one in findings(imports)] == [
        ("B04[a]", ["B04[b]", "B06[b]"])
    ]


def test_warnings_of_two_checks_or_of_two_kinds_stay_two() -> None:
    """What is excused, or waived, or said by another check, is never hidden behind another line."""
    root = {"breaks": ("user of Dockerfile",), "outcome": Outcome.WARNED}
    checks = [
        a_check(id="1", code="B11[web]", **root),
        a_check(id="2", code="B11[worker]", excused=True, **root),
        a_check(id="3", code="B12[web]", **root),
        a_check(id="4", code="B11", outcome=Outcome.WARNED),
    ]

    assert once_each(checks) == tuple(checks)
