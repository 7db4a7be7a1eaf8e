"""What a registry's refusal means, by the words that Docker has for it."""

from __future__ import annotations

import pytest

from gonogo.inspection.machine.registry import is_passing, refusal

NAME = "registry.example.com/org/shop:404"


@pytest.mark.parametrize(
    ("said", "found", "passes"),
    [
        (
            "Error response from daemon: manifest for registry.example.com/org/shop:404 not found: manifest unknown",
            "no such image in the registry",
            False,
        ),
        (
            'Error response from daemon: Head "https://registry.example.com/v2/": unauthorized: authentication required',
            "a registry that refuses to hand it out to this user",
            False,
        ),
        (
            "Error response from daemon: pull access denied for org/shop, repository does not exist or may require "
            "'docker login': denied: requested access to the resource is denied",
            "a registry that refuses to hand it out to this user",
            False,
        ),
        (
            'error getting credentials - err: exec: "docker-credential-pass": executable file not found in $PATH',
            "a credential helper that fails",
            False,
        ),
        (
            'Error response from daemon: Get "https://registry.example.com/v2/": dial tcp 10.0.0.7:443: connect: '
            "connection refused",
            "no registry that answers",
            True,
        ),
        (
            'Error response from daemon: Get "https://registry.example.com/v2/": dial tcp: lookup registry.example.com '
            "on 127.0.0.53:53: no such host",
            "no machine of the registry's name",
            True,
        ),
        (
            'Error response from daemon: Get "https://registry.example.com/v2/": net/http: request canceled while '
            "waiting for connection (Client.Timeout exceeded while awaiting headers)",
            "no registry that answers",
            True,
        ),
        (
            "Error response from daemon: received unexpected HTTP status: 503 Service Unavailable",
            "no registry that answers",
            True,
        ),
        (
            "Error response from daemon: toomanyrequests: You have reached your pull rate limit",
            "a registry that was asked too often",
            True,
        ),
        (
            'Error response from daemon: Get "https://registry.example.com/v2/": tls: failed to verify certificate: '
            "x509: certificate signed by unknown authority",
            "a registry whose certificate the Docker Engine does not trust",
            False,
        ),
        (
            "no matching manifest for linux/arm64/v8 in the manifest list entries",
            "no image for linux/arm64/v8",
            False,
        ),
        ("failed to register layer: write /usr/bin/x: no space left on device", "no room for it", False),
        ("Error response from daemon: it is raining", "a Docker Engine that cannot pull it", False),
    ],
)
def test_a_refusal_says_what_was_found(said: str, found: str, *, passes: bool) -> None:
    """Each kind has its words, and only what may be well again is asked again."""
    text = refusal(said, service="web", name=NAME)

    assert text.startswith(f"service.web.image: {NAME}: found {found} ({said}), expected ")
    assert text.endswith(". Nothing was changed.")
    assert "{" not in text
    assert is_passing(said) is passes


@pytest.mark.parametrize(
    ("name", "registry"),
    [
        ("registry.example.com/org/shop:1", "registry.example.com"),
        ("127.0.0.1:5000/shop:1", "127.0.0.1:5000"),
        ("localhost/shop:1", "localhost"),
        ("org/shop:1", "docker.io"),
        ("shop:1", "docker.io"),
    ],
)
def test_the_registry_is_named(name: str, registry: str) -> None:
    """Where nobody is logged in, the remedy names the registry that an image is of."""
    assert f": docker login {registry}." in refusal("unauthorized", service="web", name=name)
