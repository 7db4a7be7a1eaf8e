"""gonogo.runtimes.compose.model.container_names: who holds a name that a release asks for."""

from __future__ import annotations

from typing import Any

import pytest

from gonogo.runtimes.compose.model.container_names import Held, listed, taken, wanted

MODEL: dict[str, Any] = {
    "name": "shop",
    "services": {
        "web": {"container_name": "shop-front"},
        "jobs": {"scale": 2},
        "db": {},
        "import": {"deploy": {"replicas": 0}},
    },
}


def test_names_are_the_fixed_ones_and_those_that_compose_gives() -> None:
    """One for each replica; a service of none asks for none."""
    assert list(wanted(MODEL)) == [
        ("shop-front", "web"),
        ("shop-jobs-1", "jobs"),
        ("shop-jobs-2", "jobs"),
        ("shop-db-1", "db"),
    ]


@pytest.mark.parametrize(
    ("held", "replaced", "found"),
    [
        pytest.param(Held(name="shop-front", project="shop", service="web"), (), [], id="the one that is replaced"),
        pytest.param(Held(name="shop-front", project="shop", service="old"), ("old",), [], id="a service that goes"),
        pytest.param(Held(name="other"), (), [], id="another name"),
        pytest.param(
            Held(name="shop-front", project="blog", service="web", state="exited"),
            (),
            ["container name shop-front for web is held by a container of project blog (exited)"],
            id="another project, although it does not run",
        ),
        pytest.param(
            Held(name="shop-db-1"),
            (),
            ["container name shop-db-1 for db is held by a container of no Compose project"],
            id="a name that Compose gives",
        ),
        pytest.param(
            Held(name="shop-front", project="shop", service="db"),
            (),
            [
                "container name shop-front for web is held by the container of service db, which is not replaced before it"
            ],
            id="another service of the project",
        ),
    ],
)
def test_name_is_free_or_held(held: Held, replaced: tuple[str, ...], found: list[str]) -> None:
    """Only what is replaced before gives a name up."""
    assert list(taken(wanted(MODEL), [held], project="shop", replaced=replaced)) == found


def test_two_services_ask_for_one_name() -> None:
    """Compose would make the second one only when the first had taken it."""
    names = [("one", "web"), ("one", "jobs")]

    assert list(taken(names, [], project="shop")) == ["container name one is asked for by web and by jobs"]


def test_answer_of_the_engine_is_read() -> None:
    """Four fields a line; a container that nobody's Compose made has two empty ones."""
    assert listed("one\tshop\tweb\trunning\ntwo\t\t\texited\n") == (
        Held(name="one", project="shop", service="web", state="running"),
        Held(name="two", state="exited"),
    )
