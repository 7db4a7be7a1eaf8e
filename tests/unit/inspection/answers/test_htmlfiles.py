"""gonogo.inspection.answers.htmlfiles: what a page loads from its own server."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gonogo.inspection.answers.htmlfiles import desk_files, files_of, is_needed, is_source, links_of, same_name

AT = "http://127.0.0.1:8000/shop/"


@pytest.mark.parametrize(
    ("html", "files"),
    [
        ('<link rel="stylesheet" href="/a.css"><LINK REL="preload STYLESHEET" HREF=b.css>', ("/a.css", "/shop/b.css")),
        ('<script src="a.js?v=1#x"></script><script>1</script>', ("/shop/a.js?v=1",)),
        ('<img src=" /a.png "><img src="/a.png"><img src="">', ("/a.png",)),
        ('<base href="/static/"><img src="a.png">', ("/static/a.png",)),
        ('<img src="https://cdn.example.com/a.png"><img src="//cdn.example.com/b.png">', ()),
        ('<img src="data:image/png;base64,AA=="><img src="http://[broken/a.png"><a href="/page">', ()),
        ('<link rel="icon" href="/favicon.ico"><img', ()),
        ('<template><img src="/a.png"></template><img src="/b.png">', ("/b.png",)),
        ('<img src="{{ picture }}"><img src="/p/${id}.png"><script src="/<%= file %>"></script>', ()),
        ("", ()),
    ],
)
def test_files_of_the_same_server_are_found(html: str, files: tuple[str, ...]) -> None:
    """Style sheets, scripts and images, each once; links, icons, data, what scripts fill in and other servers are left out."""
    assert files_of(html, AT) == tuple(f"http://127.0.0.1:8000{path}" for path in files)


def test_links_of_the_same_server_are_found() -> None:
    """Pages, each once; what has a query, is a download or leads elsewhere is left out."""
    html = (
        '<a href="/a#x">a</a><a href="/a">a</a><a href="b/">b</a><a href="/c?d=1">c</a><a download href="/e.pdf">e</a>'
        '<a href="mailto:a@example.com">m</a><a href="https://example.com/">o</a><a href="#top">t</a><img src="/i.png">'
    )

    assert links_of(html, AT) == ("http://127.0.0.1:8000/a", f"{AT}b/", AT)


@example("<![:")
@given(st.text(alphabet="<>=/\"' linkmgsrcpthef[]:.&;!-", max_size=200))
def test_any_page_is_read(html: str) -> None:
    """Whatever a server sends, nothing but addresses of that server comes of it."""
    assert all(file.startswith("http://127.0.0.1:8000/") for file in files_of(html, AT))


def test_what_is_no_html_hides_nothing_behind_it() -> None:
    """Conditions of old browsers and sections of XML are comments; what follows is read."""
    odd = '<![if !IE]><![:><![CDATA[x]]><link rel="stylesheet" href="/a.css"><!--[if IE]><script src="/b.js"></script><![endif]-->'

    assert files_of(odd, AT) == ("http://127.0.0.1:8000/a.css",)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("http://x/static/app.3f2a9c81.css?v=2", "app.css"),
        ("http://x/assets/index-DiwrgTda1.js", "index.js"),
        ("http://x/static/main.css", "main.css"),
        ("http://x/static/jquery-3.7.1.min.js", "jquery-3.7.1.min.js"),
        ("http://x/static/bootstrap-theme.css", "bootstrap-theme.css"),
    ],
)
def test_a_fingerprint_is_no_part_of_a_name(address: str, name: str) -> None:
    """A file is the same one in the next release although its content, and so its address, is another."""
    assert same_name(address) == name


def test_a_page_needs_styles_and_scripts() -> None:
    """A page without an image is still one."""
    assert [is_needed(f"http://x/a.{end}") for end in ("css", "js", "png", "ICO", "svg")] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_what_a_page_loads_from_the_machine_of_its_reader_is_found() -> None:
    """Whatever name of it is used; the page's own server is none, wherever that is."""
    page = (
        '<script src="http://localhost:3000/a.js"></script><img src="//127.0.0.1/b.png"><script src="/own.js"></script>'
        '<link rel="stylesheet" href="http://[::1]:5173/c.css"><script src="https://cdn.example.com/d.js"></script>'
    )

    assert desk_files(page, "https://shop.example.com/") == (
        "http://localhost:3000/a.js",
        "https://127.0.0.1/b.png",
        "http://[::1]:5173/c.css",
    )
    assert "http://localhost:3000/a.js" not in desk_files(page, "http://localhost:3000/start")


@pytest.mark.parametrize(
    ("text", "kind", "shown"),
    [
        ("<!DOCTYPE html><p>", "text/plain", True),
        ("\ufeff\n <html lang='en'>", "application/json", True),
        ("<!doctype html>", "text/html", False),
        ("<!doctype html>", "application/xhtml+xml", False),
        ("<!doctype html>", "", False),
        ("<htmlx>", "text/plain", False),
        ("how to write <html>", "text/plain", False),
    ],
)
def test_a_page_whose_type_is_another_is_source(text: str, kind: str, shown: bool) -> None:  # noqa: FBT001
    """Without a type browsers find out themselves."""
    assert is_source(text, kind) is shown
