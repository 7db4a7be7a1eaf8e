"""What a release changes in services that are left alone."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from gonogo.runtimes.compose.model.left_alone import changes

__all__: list[str] = []

MODEL: dict[str, Any] = {
    "name": "shop",
    "services": {
        "web": {
            "build": {"context": "."},
            "depends_on": {"db": {}},
            "volumes": [
                {"type": "volume", "source": "media", "target": "/media"},
                {"type": "bind", "source": f"/state/files/{64 * chr(97)}/app", "target": "/srv/app"},
            ],
        },
        "db": {
            "image": "postgres:15",
            "environment": {"POSTGRES_DB": "shop", "PGDATA": "/data/pg"},
            "volumes": [{"type": "volume", "source": "data", "target": "/data"}],
        },
    },
    "volumes": {"data": {}, "media": {"name": "pictures"}},
}


def changed(**paths: Any) -> dict[str, Any]:
    """The model with other values (``services__db__image="…"``)."""
    made = copy.deepcopy(MODEL)
    for path, value in paths.items():
        *way, last = path.split("__")
        part = made
        for name in way:
            part = part[name]
        part[last] = value
    return made


def found(new: dict[str, Any], *, alike: bool = True) -> list[tuple[str, bool]]:
    """Each change in words, and whether it would be other data."""
    said = changes(MODEL, new, ("web",), alike=alike)
    return [(str(one), one.is_other_data) for one in said]


RENAMED = [{"type": "volume", "source": "data2", "target": "/data"}]


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (changed(), []),
        (changed(services__web__build={"context": "x"}), []),
        (
            changed(services__web__volumes=[
                MODEL["services"]["web"]["volumes"][0],
                {"type": "bind", "source": f"/elsewhere/files/{64 * chr(98)}/app", "target": "/srv/app"},
            ]),
            [],
        ),
        (
            changed(services__db__volumes=RENAMED, volumes={"data2": {}, "media": {"name": "pictures"}}),
            [("db: what holds its data at /data: found shop_data2, shop_data before", True)],
        ),
        (
            changed(volumes={"data": {"name": "other"}, "media": {"name": "pictures"}}),
            [("db: what holds its data at /data: found other, shop_data before", True)],
        ),
        (
            changed(services__db__volumes=[{"type": "volume", "source": "data", "target": "/var/data"}]),
            [("db: where shop_data is mounted: found /var/data, /data before", True)],
        ),
        (changed(services__db__volumes=[]), [("db: what holds its data at /data: found none, shop_data before", True)]),
        (
            changed(services__db__environment={"POSTGRES_DB": "x", "PGDATA": "/data/16"}),
            [
                ("db: PGDATA: found /data/16, /data/pg before", True),
                ("db: environment: found changed POSTGRES_DB, other values before", False),
            ],
        ),
        (
            changed(services__db__image="postgres:16", services__db__command=["postgres", "-c", "x=1"]),
            [
                ("db: image: found postgres:16, postgres:15 before", False),
                ("db: command: found postgres -c x=1, none before", False),
            ],
        ),
        (
            changed(volumes={"data": {}, "media": {"name": "photos"}}),
            [("web: what holds its data at /media: found photos, pictures before", True)],
        ),
    ],
)  # fmt: skip
def test_changes_are_named_and_other_data_is_known(new: dict[str, Any], expected: list[tuple[str, bool]]) -> None:
    """What is left alone is named where it changed; a volume of another name, or another place of it, is other data."""
    assert found(new) == expected


def test_models_of_other_making_are_compared_by_their_data_alone() -> None:
    """What the Engine says of hand-started containers differs in everything but where their data stands."""
    assert found(changed(services__db__image="sha256:1", services__db__ports=["1"]), alike=False) == []


def test_service_of_another_name_over_the_same_data_is_known() -> None:
    """A store that was renamed would run twice over one volume: the old one goes on running."""
    new = changed()
    new["services"]["database"] = new["services"].pop("db")

    assert found(new) == [
        (
            "database: what holds its data (shop_data): found the same for both, "
            "in use by db, which goes on running over it before",
            True,
        )
    ]


def test_data_that_is_read_alone_or_left_to_another_service_is_no_other_data() -> None:
    """The mount is the same one; a worker that needs the pictures no more leaves them to whoever goes on writing."""
    media = MODEL["services"]["web"]["volumes"][0]
    old = changed(services__worker={"image": "worker", "volumes": [media]})
    reads = changed(services__worker={"image": "worker", "volumes": [{**media, "read_only": True}]})
    alone = changed(services__worker={"image": "worker"})
    gone = copy.deepcopy(alone)
    gone["services"]["web"]["volumes"].pop(0)

    def said(new: dict[str, Any]) -> list[tuple[str, bool]]:
        found = changes(old, new, ("web", "worker"))
        return [(str(one), one.is_other_data) for one in found]

    nobody = copy.deepcopy(reads)
    nobody["services"]["web"]["volumes"][0]["read_only"] = True
    assert said(reads) == []
    assert said(nobody) == [
        ("web: what holds its data at /media: found the same for reading only, pictures before", True),
        ("worker: what holds its data at /media: found the same for reading only, pictures before", True),
    ]
    assert said(alone) == [("worker: what holds its data at /media: found none, pictures before", False)]
    assert said(gone) == [
        ("web: what holds its data at /media: found none, pictures before", True),
        ("worker: what holds its data at /media: found none, pictures before", True),
    ]


def test_a_store_that_loses_its_data_is_known_although_another_service_has_it() -> None:
    """Whoever copies a database's files away does not go on for it: the database would begin with none."""
    data = MODEL["services"]["db"]["volumes"][0]
    new = changed(services__copies={"image": "copies", "volumes": [data]})
    new["services"]["db"]["volumes"] = []

    assert found(new) == [("db: what holds its data at /data: found none, shop_data before", True)]


@pytest.mark.parametrize(
    ("volume", "held_at"),
    [
        ({"type": "volume", "source": "others", "target": "/media"}, "/media"),
        ({"type": "volume", "source": "media", "target": "/media", "read_only": True}, ""),
    ],
)
def test_only_what_is_not_mounted_any_more_may_prove_empty(volume: dict[str, Any], held_at: str) -> None:
    """A volume for uploads that nobody may write to from now on is red, whether it holds any or not."""
    new = changed(services__web__volumes=[volume], volumes={"data": {}, "media": {"name": "pictures"}, "others": {}})
    (change,) = changes(MODEL, new, ("web",))

    assert change.is_other_data
    assert change.held_at == held_at
