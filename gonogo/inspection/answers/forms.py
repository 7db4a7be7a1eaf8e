"""The fields that a login form fills in by itself. Pure."""

from __future__ import annotations

from html.parser import HTMLParser

__all__ = ["hidden_fields"]


def hidden_fields(html: str) -> dict[str, str]:
    """Names and value of the hidden fields of the first form that asks for a password; of all forms where none does."""
    parser = _Parser()
    parser.feed(html.replace("<![", "<! "))
    asking = next((fields for fields, asks in parser.forms if asks), None)
    return asking if asking is not None else {name: text for fields, _ in parser.forms for name, text in fields.items()}


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[dict[str, str], bool]] = [({}, False)]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        kind, name = given.get("type", "text").lower(), given.get("name", "")
        if tag == "form":
            self.forms.append(({}, False))
        elif tag == "input":
            fields, asks = self.forms[-1]
            if kind == "hidden" and name:
                fields[name] = given.get("value", "")
            self.forms[-1] = (fields, asks or kind == "password")
