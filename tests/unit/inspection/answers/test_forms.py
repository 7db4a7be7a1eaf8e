"""What a login form fills in by itself."""

from __future__ import annotations

from gonogo.inspection.answers.forms import hidden_fields

__all__: list[str] = []

SEARCH = '<form action="/search"><input type="hidden" name="lang" value="en"><input name="q"></form>'
LOGIN = (
    '<form method="post"><INPUT TYPE="hidden" name="csrf_token" value="a&amp;b"><input name="user">'
    '<input type="password" name="password"><input type="hidden" value="nameless"></form>'
)


def test_fields_of_the_form_that_asks_for_a_password() -> None:
    """Another form of the page has fields of its own, which do not belong to a login."""
    assert hidden_fields(SEARCH + LOGIN) == {"csrf_token": "a&b"}


def test_fields_of_all_forms_where_none_asks_for_a_password() -> None:
    """A login in two steps asks for a name first."""
    assert hidden_fields(SEARCH + "<![endif]") == {"lang": "en"}
    assert hidden_fields("<p>nothing</p>") == {}
