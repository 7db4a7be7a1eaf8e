"""Which name an application wants to be asked by."""

from __future__ import annotations

import pytest

from gonogo.detect.own_names import own_name
from gonogo.detect.tree import Tree

__all__: list[str] = []

REFUSES = "server { listen 80 default_server; server_name _; return 444; }\n"
SITE = "server { listen 80; server_name shop.acme.de www.acme.de; location / { proxy_pass http://web:8000; } }\n"


@pytest.mark.parametrize(
    ("variables", "source", "conf", "expected"),
    [
        ({"DJANGO_ALLOWED_HOSTS": "shop.acme.de"}, "", "", "shop.acme.de"),
        ({"ALLOWED_HOSTS": ".acme.de, www.acme.de"}, "", "", "acme.de"),
        ({"ALLOWED_HOSTS": '["shop.acme.de"]'}, "", "", "shop.acme.de"),
        ({"ALLOWED_HOSTS": "localhost"}, "", "", "localhost"),
        ({"ALLOWED_HOSTS": "shop.acme.de,127.0.0.1"}, "", "", None),
        ({"ALLOWED_HOSTS": "*"}, "", "", None),
        ({"ALLOWED_HOSTS": "shop.example.com"}, "", "", None),
        ({"HOSTS": "shop.acme.de"}, "", "", None),
        ({}, 'ALLOWED_HOSTS = ["shop.acme.de", "www.acme.de"]\n', "", "shop.acme.de"),
        ({}, 'ALLOWED_HOSTS: list[str] = ["shop.acme.de"]\n', "", "shop.acme.de"),
        ({}, "ALLOWED_HOSTS = [\n    'shop.acme.de',\n    'www.acme.de',\n]\n", "", "shop.acme.de"),
        ({}, "app.add_middleware(TrustedHostMiddleware, allowed_hosts=['shop.acme.de'])\n", "", "shop.acme.de"),
        ({}, "ALLOWED_HOSTS = []\n", "", None),
        ({}, 'ALLOWED_HOSTS = [os.environ["HOST"]]\n', "", None),
        ({}, 'ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")\n', "", None),
        ({}, 'ALLOWED_HOSTS = ["shop.acme.de"]\nif DEBUG:\n    ALLOWED_HOSTS = ["*"]\n', "", None),
        ({}, "", REFUSES + SITE, "shop.acme.de"),
        ({}, "", SITE, None),
        ({}, "", "# " + REFUSES + SITE, None),
        ({}, "", "server { listen 80 default_server; return 301 https://$host$request_uri; }\n" + SITE, None),
        ({"ALLOWED_HOSTS": "*"}, "", REFUSES + SITE, "shop.acme.de"),
    ],
)
def test_a_name_is_asked_for_where_the_address_is_refused(
    variables: dict[str, str], source: str, conf: str, expected: str | None
) -> None:
    """What cannot be read, and what answers to 127.0.0.1 as well, changes nothing."""
    tree = Tree.of(
        {"shop/settings.py": source, "nginx/default.conf": conf, "tests/settings.py": "ALLOWED_HOSTS = ['*']"}
    )
    found = own_name(tree, variables, ("nginx/default.conf",))

    assert (found.value if found else None) == expected


def test_the_place_is_named() -> None:
    """The line behind the guess."""
    tree = Tree.of({"shop/settings.py": 'import os\n\nALLOWED_HOSTS = ["shop.acme.de"]\n'})
    found = own_name(tree, {}, ())

    assert found is not None
    assert (found.where, found.sure) == ("shop/settings.py:3", False)
