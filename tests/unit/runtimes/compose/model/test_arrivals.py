"""Who stands where a release's requests arrive: by what ``docker inspect`` says of running containers."""

from __future__ import annotations

from typing import Any

import pytest

from gonogo.runtimes.compose.model.arrivals import Ways, standing

URL = "http://127.0.0.1:8080"


def attrs(name: str, *, of: str | None = "shop/web", image: str = "", **more: Any) -> dict[str, Any]:
    """A container of ``project/service``, or started by hand; ``networks`` and ``ports`` are its own."""
    project, _, service = (of or "").partition("/")
    compose = {"com.docker.compose.project": project, "com.docker.compose.service": service}
    networks = more.get("networks", {"shop_default": [service]})
    return {
        "Name": f"/{name}",
        "Config": {"Image": image, "Labels": {**compose, "com.docker.compose.oneoff": "False"} if of else {}},
        "NetworkSettings": {
            "Networks": {
                network: {"Aliases": [name, *names], "IPAddress": f"10.0.0.{len(name)}", "Gateway": "10.0.0.1"}
                for network, names in networks.items()
            },
            "Ports": {
                "80/tcp": [
                    {"HostIp": address, "HostPort": port}
                    for address, _, port in (text.partition(" ") for text in more.get("ports", ()))
                ],
                "9/udp": None,
            },
        },
    }


def ways(*others: dict[str, Any], front: dict[str, Any] | None = None) -> Ways:
    """A shop of one service and a front, and others."""
    own = [attrs("shop-web-1"), front or attrs("shop-front-1", of="shop/front", ports=["127.0.0.1 8080"])]
    return Ways(
        project="shop",
        around={"web", "front", "db"},
        deployed={"web"},
        own_networks=["shop_default"],
        seen=[standing(one) for one in (*own, *others)],
    )


def test_own_containers_are_no_strangers() -> None:
    """A front on the port, a service that answers to its name, an upstream that leads to it, and one behind."""
    found = ways(attrs("shop-db-1", of="shop/db"))

    assert list(found.strangers_on(URL)) == []
    assert list(found.namesakes()) == []
    assert list(found.misled("front", ["web:8000", "10.0.0.10", "db:5432", "unknown:80"])) == []


@pytest.mark.parametrize(
    ("port", "networks", "image", "open_port", "is_stranger"),
    [
        pytest.param("127.0.0.1 8080", {}, "old:1", False, True, id="no way here"),
        pytest.param("0.0.0.0 8080", {}, "old:1", True, True, id="no proxy that is known"),
        pytest.param(" 8080", {}, "nginx:1", True, False, id="a proxy, to an open port"),
        pytest.param(" 8080", {}, "nginx:1", False, True, id="a proxy, to none"),
        pytest.param("127.0.0.1 8080", {"shop_default": []}, "edge:1", False, False, id="through a network"),
        pytest.param("127.0.0.2 8080", {}, "old:1", False, False, id="another address"),
        pytest.param("127.0.0.1 8081", {}, "old:1", False, False, id="another port"),
    ],
)
def test_holder_of_the_port(port: str, networks: Any, image: str, *, open_port: bool, is_stranger: bool) -> None:
    """Who has the URL's port and cannot pass requests on is named; a proxy that can is not."""
    old = attrs("old", of="shop-old/web", image=image, networks=networks, ports=[port])
    front = attrs("shop-front-1", of="shop/front", ports=["0.0.0.0 9000" if open_port else "127.0.0.1 9000"])
    found = list(ways(old, front=front).strangers_on(URL))

    text = f"{URL}: container old ({image}, project shop-old) has the port, and no way to this release"
    assert found == ([text] if is_stranger else [])


def test_public_url_is_nobodys_port() -> None:
    """What has port 80 of this machine says nothing about a URL that may lead elsewhere."""
    old = attrs("old", of="shop-old/web", networks={}, ports=[" 80"])

    assert list(ways(old).strangers_on("http://shop.example.com")) == []
    assert len(list(ways(old).strangers_on("http://shop.localhost"))) == 1


@pytest.mark.parametrize(
    ("of", "networks", "is_stranger"),
    [
        pytest.param(None, {"shop_default": ["web"]}, True, id="by hand"),
        pytest.param("shop/gone", {"shop_default": ["web"]}, True, id="an orphan"),
        pytest.param("blog/web", {"shop_default": ["web"]}, True, id="another project"),
        pytest.param(None, {"shop_default": ["other"]}, False, id="another name"),
        pytest.param("blog/web", {"edge": ["web"]}, False, id="a network that is shared"),
    ],
)
def test_namesakes(of: str | None, networks: Any, *, is_stranger: bool) -> None:
    """Who answers to a service's name in a network of the project gets its requests."""
    found = list(ways(attrs("old", of=of, image="shop-web:1", networks=networks)).namesakes())

    project = (of or "none").partition("/")[0]
    text = f"container old (shop-web:1, project {project}) answers to the name web too in network shop_default, "
    assert found == ([f"{text}and gets its requests"] if is_stranger else [])


def test_container_of_a_run_is_no_instance() -> None:
    """``compose run --use-aliases`` makes a container that gets the service's requests."""
    once = attrs("shop-web-run-1")
    once["Config"]["Labels"]["com.docker.compose.oneoff"] = "True"

    assert [text.split(" (")[0] for text in ways(once).namesakes()] == ["container shop-web-run-1"]


def test_by_hand_from_an_image_of_compose_is_no_instance() -> None:
    """Compose labels the images that it builds; a container that somebody starts from one inherits the labels."""
    old = attrs("old", image="shop-web:1", networks={"shop_default": ["web"]})
    del old["Config"]["Labels"]["com.docker.compose.oneoff"]

    assert [text.split(" answers")[0] for text in ways(old).namesakes()] == ["container old (shop-web:1, project none)"]


@pytest.mark.parametrize(
    ("upstreams", "image", "named"),
    [
        pytest.param(["old:8000"], "blog:1", ["old:8000"], id="to nobody of ours"),
        pytest.param(["web:8000", "old:8000"], "blog:1", [], id="another application beside ours"),
        pytest.param(["web:8000", "old:8000"], "shop-web:1", ["old:8000"], id="an old image of ours"),
        pytest.param(["web:8000", "10.0.0.3"], "shop-web:1", ["10.0.0.3"], id="by address"),
        pytest.param(["host.docker.internal:8001"], "blog:1", ["host.docker.internal:8001"], id="by this machine"),
        pytest.param(["10.0.0.1:8001"], "blog:1", ["10.0.0.1:8001"], id="by the gateway"),
        pytest.param(["10.0.0.1:8002"], "blog:1", [], id="to a port that no container has"),
        pytest.param(["far.example.com:443"], "blog:1", [], id="elsewhere"),
    ],
)
def test_upstreams_of_a_front(upstreams: list[str], image: str, named: list[str]) -> None:
    """An upstream that leads to an old container, or none that leads to the release, is named; unknown ones are not."""
    old = attrs("old", of=None, image=image, networks={"shop_default": []}, ports=["0.0.0.0 8001"])
    found = list(ways(old).misled("front", upstreams))

    who = f"to container old ({image}, project none), which is not of this release"
    assert found == [f"front sends requests for {name} {who}" for name in named]


def test_upstream_that_two_share() -> None:
    """One name, in a network of others, that leads to the release and to a stranger by turns."""
    networks = {"edge": ["web"]}
    mine, front = attrs("shop-web-1", networks=networks), attrs("shop-front-1", of="shop/front", networks=networks)
    blog = attrs("blog-web-1", of="blog/web", image="blog:1", networks=networks)
    seen = [standing(one) for one in (mine, front, blog)]
    found = Ways(project="shop", around={"web", "front"}, deployed={"web"}, own_networks=[], seen=seen)

    assert list(found.misled("front", ["web:8000"])) == [
        "front sends requests for web:8000 to container blog-web-1 (blog:1, project blog), which is not of this release"
    ]
