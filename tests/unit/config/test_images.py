"""The image of a service that was built elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from gonogo.config import parse_project
from gonogo.config.images import filled, is_of_one_commit, judged_image, pinned_name
from gonogo.errors import ConfigError

COMMIT = "0123456789abcdef0123456789abcdef01234567"
DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    "value",
    [
        "registry.example.com/org/shop:{commit}",
        "registry.example.com:5000/org/shop:sha-{short}",
        "ghcr.io/org/shop:{commit}-alpine",
        "shop:1.2",
        f"org/shop@{DIGEST}",
        "org/shop@{file:build/digest.txt}",
        "{file:build/image.txt}",
        "[::1]:5000/shop:{short}",
    ],
)
def test_a_name_says_which_image(value: str) -> None:
    """A tag or a digest must be there, filled in or as it is."""
    assert judged_image(value) == value


@pytest.mark.parametrize(
    "value", ["", "shop", "registry.example.com:5000/shop", "https://x.com/shop:1", "Shop:1", "shop:{branch}", "a b:1"]
)
def test_another_name_is_refused(value: str) -> None:
    """A name without either is whatever was pushed last; what Docker would not take is none."""
    with pytest.raises(ValueError, match="expected an image with a tag or a digest"):
        judged_image(value)


def test_a_name_is_filled_in() -> None:
    """By the commit, its first seven digits, or what a file says."""
    assert filled("r/shop:{commit}", COMMIT, str) == f"r/shop:{COMMIT}"
    assert filled("r/shop:sha-{short}", COMMIT, str) == "r/shop:sha-0123456"
    assert filled("r/shop@{file:a/b.txt}", COMMIT, {"a/b.txt": DIGEST}.__getitem__) == f"r/shop@{DIGEST}"


def test_a_digest_makes_a_tag_void() -> None:
    """Docker reads the digest alone; a registry's port is no tag."""
    assert pinned_name(f"r:5000/org/shop:1@{DIGEST}") == f"r:5000/org/shop@{DIGEST}"
    assert pinned_name("r:5000/org/shop:1") == "r:5000/org/shop:1"


def test_only_some_names_lead_to_one_commit() -> None:
    """A fixed tag does not."""
    assert [is_of_one_commit(one) for one in ("s:{short}", f"s@{DIGEST}", "s@{file:x}", "s:latest")] == [
        True,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("revision = false", "revision = false needs image: an image that gonogo builds names its commit"),
        (
            'image = "shop:latest"\nrevision = false',
            "revision = false needs {commit}, {short} or a digest in image: else nothing ties it to the commit",
        ),
    ],
)
def test_an_image_is_tied_to_its_commit(lines: str, said: str) -> None:
    """By its label, or by its name."""
    text = f'[app]\nname = "a"\n[service.web]\n{lines}\n[env.staging]\nproject = "a"\n'
    with pytest.raises(ConfigError) as caught:
        parse_project(text, root=Path("/nowhere"), name="gonogo.toml")

    assert said in str(caught.value)
