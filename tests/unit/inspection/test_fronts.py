"""How proxies are asked about their configuration."""

import pytest

from gonogo.inspection.fronts import lacks_its_place, others, question

__all__: list[str] = []


@pytest.mark.parametrize(
    ("image", "words", "expected"),
    [
        ("nginx:1.27-alpine", (), ("nginx", "-t")),
        ("docker.io/library/nginx", ("nginx", "-c", "/srv/n.conf"), ("nginx", "-c", "/srv/n.conf", "-t")),
        ("caddy:2", (), ("caddy", "validate", "--config", "/etc/caddy/Caddyfile")),
        (
            "caddy:2",
            ("caddy", "run", "--config=/c/C", "--adapter", "caddyfile"),
            ("caddy", "validate", "--config", "/c/C", "--adapter", "caddyfile"),
        ),
        ("traefik:3", (), None),
        ("registry.example.com/team/edge:1", (), None),
    ],
)
def test_nginx_and_caddy_can_be_asked(image: str, words: tuple[str, ...], expected: tuple[str, ...] | None) -> None:
    """Each by its own command, with the configuration file that the service names."""
    assert question(image, words) == expected


def test_other_services_are_named_as_the_proxy_names_them() -> None:
    """By service, container name and alias; nginx refuses a configuration with a name that leads nowhere."""
    app = {"container_name": "notes_app", "networks": {"default": {"aliases": ["backend"]}, "inner": None}}

    assert others({"services": {"app": app, "nginx": {}, "db": {}}}, "nginx") == ("app", "notes_app", "backend", "db")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ('[emerg] host not found in upstream "api.example.com" in /etc/nginx/nginx.conf:4', True),
        ('[emerg] cannot load certificate "/etc/ssl/site.pem": BIO_new_file() failed', True),
        ('[emerg] invalid parameter "location" in /etc/nginx/nginx.conf:7', False),
        ("Error: adapting config using caddyfile: /etc/caddy/Caddyfile:3: unrecognized directive: reverse_prox", False),
    ],
)
def test_what_the_trial_lacks_is_no_mistake_of_the_configuration(said: str, *, expected: bool) -> None:
    """Names of strangers and certificates of the live place are not there."""
    assert lacks_its_place(said) is expected
