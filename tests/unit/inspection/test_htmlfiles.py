"""gonogo.inspection.htmlfiles: what a page loads from its own server."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection.htmlfiles import files_of

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
        ("", ()),
    ],
)
def test_files_of_the_same_server_are_found(html: str, files: tuple[str, ...]) -> None:
    """Style sheets, scripts and images, each once; links, icons, data and other servers are left out."""
    assert files_of(html, AT) == tuple(f"http://127.0.0.1:8000{path}" for path in files)


@given(st.text(alphabet="<>=/\"' linkmgsrcpthef[]:.&;!-", max_size=200))
def test_any_page_is_read(html: str) -> None:
    """Whatever a server sends, nothing but addresses of that server comes of it."""
    assert all(file.startswith("http://127.0.0.1:8000/") for file in files_of(html, AT))
