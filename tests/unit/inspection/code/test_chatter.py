"""What somebody printed while looking for a mistake, beside what is meant to be printed."""

from __future__ import annotations

import pytest

from gonogo.inspection.code.chatter import is_sent, logged, printed

__all__: list[str] = []


@pytest.mark.parametrize(
    "line",
    [
        'print("DEBUG", total)',
        'print("DEBUG: here")',
        "print(f'[DEBUG] {total}')",
        'print(">>> DEBUG " + str(total))',
        'print("DEBUGGING orders", file=sys.stderr)',
    ],
)
def test_a_printed_debug_is_found(line: str) -> None:
    """In whatever form the text begins with it."""
    found = printed("app/orders.py", f"def total():\n    {line}\n")

    assert [(one.path, one.line, one.what) for one in found] == [("app/orders.py", 2, 'print("DEBUG…")')]


@pytest.mark.parametrize(
    "text",
    [
        'print("starting")\n',
        'print(f"DEBUG={DEBUG}")\n',
        'print("DEBUG mode is on")\n',
        'print("no DEBUG here")\n',
        'if settings.debug:\n    print("DEBUG", 1)\n',
        'if __name__ == "__main__":\n    print("DEBUG", 1)\n',
        'def debug(text):\n    print("DEBUG", text)\n',
        'log.info("DEBUG: %s", 1)\n',
        "# print('DEBUG')\nHELP = 'print(\"DEBUG\")'\n",
        'print "DEBUG"\n',
    ],
)
def test_what_is_meant_to_be_printed_is_none(text: str) -> None:
    """A word at the start of the program, under a condition, in a function of that name; another word; a comment."""
    assert printed("app/orders.py", text) == ()


def test_a_log_of_a_script_in_a_page_is_found() -> None:
    """By its line in the template."""
    page = '<h1>{{ title }}</h1>\n<p>console.log(1)</p>\n<script>\nlet a = 1;\nconsole.log("here", a);\n</script>\n'

    assert [(one.path, one.line) for one in logged("app/templates/cart.html", page)] == [("app/templates/cart.html", 5)]


def test_a_log_of_a_static_script_is_found() -> None:
    """Each line of it."""
    script = 'const a = (c) => 1;\nconsole.log(a);\n\nfunction go() { console.log("go"); }\n'

    assert [one.line for one in logged("app/static/js/cart.js", script)] == [2, 4]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("server/index.js", "console.log(1)\n"),
        ("static/vendor/cart.js", "console.log(1)\n"),
        ("static/js/cart.min.js", "console.log(1)\n"),
        ("static/js/jquery.js", "console.log(1)\n"),
        ("static/js/slider-1.2.3.js", "console.log(1)\n"),
        ("static/js/main.3f2a1b9c.js", "console.log(1)\n"),
        ("static/dist/cart.js", "console.log(1)\n"),
        ("static/js/slider.js", "/*! slider */\nconsole.log(1)\n"),
        ("static/js/slider.js", "// Copyright 2020 Some One\nconsole.log(1)\n"),
        ("static/js/slider.js", "(function(){ typeof exports === 'object' })();\nconsole.log(1)\n"),
        ("static/js/cart.js", "x" * 1200 + "\nconsole.log(1)\n"),
        ("static/js/cart.js", "// console.log(1)\n/* console.log(2)\n console.log(3) */\n"),
        ("static/js/cart.js", "if (window.DEBUG) console.log(1)\nDEBUG && console.log(2)\n"),
        ("static/js/cart.js", "if (verbose) {\n  console.log(1)\n}\n"),
        ("static/js/cart.js", "go().catch(error => console.log(error))\n"),
        ("static/js/cart.js", "const log = (...all) => console.log(...all)\n"),
        ("static/js/cart.js", "console.error(1); my.console.log(2); window.reconsole.log(3)\n"),
        ("templates/a.html", "<pre>console.log(1)</pre>\n"),
        ("templates/a.html", "{# <script>console.log(1)</script> #}\n"),
        ("templates/a.html", "{% comment %}<script>console.log(1)</script>{% endcomment %}\n"),
        ("templates/a.html", "<!-- <script>console.log(1)</script> -->\n"),
        ("templates/a.html", '<script type="text/plain">console.log(1)</script>\n'),
    ],
)
def test_what_others_wrote_or_is_meant_is_none(path: str, text: str) -> None:
    """Libraries, what is built or minified, comments, conditions that say so, other functions, code that is shown."""
    assert logged(path, text) == ()


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("static/cart.js", True),
        ("app/public/js/cart.mjs", True),
        ("shop/templates/shop/cart.html", True),
        ("app.js", False),
        ("frontend/src/cart.js", False),
        ("static/cart.css", False),
        ("node_modules/a/static/b.js", False),
        (".github/static/a.js", False),
    ],
)
def test_which_files_browsers_are_sent(path: str, sent: bool) -> None:  # noqa: FBT001 (a table)
    """Templates wherever they are; scripts only where static files stand, for elsewhere they may be a server's."""
    assert is_sent(path) is sent
