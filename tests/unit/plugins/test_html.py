from __future__ import annotations

import html
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gonogo.words import Outcome
from tests.support.gates import MINIMAL, Gates, Repository

SECRET = "marker-9f2c-of-the-env-file"
CONFIG = f'{MINIMAL}env_file = ".env"\n\n[env.test.secrets]\nAPI_TOKEN = {{}}\n'
CHECKS = '''
import sys

import pytest


@pytest.mark.predeploy("T01", remedy="Nothing to do.")
def test_good(evidence):
    """All is well."""
    evidence.text("what", "fine")


@pytest.mark.predeploy("T02", remedy="Run: git checkout -- app <b>now</b>")
@pytest.mark.parametrize("what", ["<img src=x onerror=alert(1)>"])
def test_bad(evidence, what, variables):
    """No <script>alert('proves')</script> stands in the page."""
    token = variables["API_TOKEN"]
    print("captured", token, "\\x1b[31mred\\x1b[0m")
    sys.stderr.buffer.write(b"\\xff")
    evidence.table("Files <i>that</i> differ", [["main.py", "<script>"], ["E line", token]], header=["path", "how"])
    evidence.text("log", "E   two </pre></details><script>alert(3)</script>\\n\\x1b[31mred\\x1b[0m caf\\udce9 " + token)
    evidence.json("answer", {"status": 503, "body": "<h1>" + token})
    pytest.fail("2 files differ: <script>alert(4)</script>\\nsecond line " + token)


@pytest.mark.predeploy("T03", remedy="Make room.")
def test_warned(evidence):
    """There is room on the disk."""
    evidence.warn("only 12 GB are free")


@pytest.mark.predeploy("T04", remedy="Look at the resolver.")
def test_unknown():
    """The name resolves."""
    raise OSError("Name or service not known")


@pytest.mark.predeploy("T05")
def test_skipped():
    """Redis answers."""
    pytest.skip("no redis is configured")


@pytest.mark.predeploy("T06", severity="advisory", remedy="Squash it.")
def test_advisory():
    """Images are small."""
    assert not "large", "the image has 1.2 GB, expected at most 1 GB"


@pytest.fixture
def torn(variables):
    yield
    print("teardown", variables["API_TOKEN"])
    raise RuntimeError("it would not stop: " + variables["API_TOKEN"])


@pytest.mark.predeploy("T07", remedy="Stop it.")
def test_teardown(torn, extras):
    """What was started stops."""
    extras.append({"format_type": "html", "content": "<p>ours</p>", "name": "", "mime_type": None, "extension": None})
'''
LEAKS = {"GIT_URL": "https://leak.example/repo", "BUILD_TAG": f"tag-{SECRET}", "CI_JOB_TOKEN": "leak-token"}
ALLOWED = {"td", "div", "p", "pre", "details", "summary", "table", "tr", "th", "span", "b", "iframe"}


@dataclass(frozen=True)
class Page:
    """A report that a gate left."""

    code: int
    text: str

    @property
    def rows(self) -> dict[str, str]:
        """Test name → its one row."""
        found: dict[str, str] = {}
        for row in self.text.split("</main>", maxsplit=1)[0].split('<details class="check"')[1:]:
            nodeid = html.unescape(re.findall(r'<p class="mono soft">(.*?)</p>', row)[0])
            name = re.split(r"::|\[", nodeid)[1] if "::" in nodeid else nodeid
            assert name not in found
            found[name] = row
        return found

    def cells(self, name: str) -> dict[str, str]:
        """Column → what stands in it, as a reader sees it."""
        summary = self.rows[name].split("</summary>", maxsplit=1)[0]
        found = re.findall(r'<span class="(\w+)[^"]*">(.*?)</span>', summary, re.DOTALL)
        return {column: html.unescape(re.sub("<[^>]*>", "", content)) for column, content in found}

    def filters(self) -> dict[str, str]:
        """Outcome → the label of its filter."""
        return dict(re.findall(r'data-outcome="(\w+)"> ([^<]*)</label>', self.text))


class Tags(HTMLParser):
    """Collects the tags and attributes that a browser would see."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one."""
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}


def report(folder: Path, *arguments: str, checks: str = CHECKS, css: bool = True) -> Page:
    """Run a real gate on a throwaway repository and read its page."""
    files = {"gonogo.toml": CONFIG, ".env": f"API_TOKEN={SECRET}\n", "checks/test_team.py": checks}
    root = Repository(folder)(files)
    page = folder / "report.html"
    more = ("--self-contained-html",) if css else ()
    run = Gates(folder / "gates")(
        root, "-m", "predeploy", "-k", "team", f"--html={page}", *more, *arguments, environ=LEAKS
    )
    assert page.is_file(), f"{run.out}\n{run.err}"
    return Page(run.code, page.read_text(encoding="utf-8"))


@pytest.fixture(scope="module", params=[(), ("-n", "2")], ids=["alone", "xdist"])
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Page:
    """The page of a gate with one check of each verdict."""
    return report(tmp_path_factory.mktemp("html"), *request.param)


def test_each_verdict_stands_in_its_row(page: Page) -> None:
    """What failed comes before what could not be found out, and what is well last."""
    said = {name: page.cells(name)["word"] for name in page.rows}

    assert said == {
        "test_bad": "failed",
        "test_unknown": "inconclusive",
        "test_teardown": "inconclusive",
        "test_warned": "warned",
        "test_advisory": "warned",
        "test_good": "passed",
        "test_skipped": "skipped",
    }
    order = ["failed", "inconclusive", "warned", "passed", "skipped"]
    assert list(said.values()) == sorted(said.values(), key=order.index)


CAUSES = '''
import pytest

@pytest.mark.predeploy("T10", remedy="Ask it again.")
def test_follower(evidence):
    evidence.needs("service web")
    assert not "connection refused"

@pytest.mark.predeploy("T02", remedy="Start it.")
def test_cause(evidence):
    evidence.breaks("service web")
    assert not "web ended"

@pytest.mark.predeploy("T03", remedy="-")
def test_fine():
    """It is well."""
'''


def test_a_runs_page_leads_to_its_record_and_tells_a_cause_once(tmp_path: Path) -> None:
    """Checks stand by verdict and then by code; one that is red for another's cause says so, and stays folded."""
    root = Repository(tmp_path)({"gonogo.toml": CONFIG, ".env": "A=1\n", "checks/test_team.py": CAUSES})
    gates, file = Gates(tmp_path / "gates"), tmp_path / "report.html"
    gates(root, "-m", "predeploy", "-k", "team", f"--html={file}", "--self-contained-html", subject=gates.subject(root))
    page = Page(1, file.read_text(encoding="utf-8"))

    assert '<a href="index.html">the record of this run</a>' in page.text
    assert list(page.rows) == ["test_cause", "test_follower", "test_fine"]
    assert [page.cells(name)["remedy"] for name in page.rows] == ["Start it.", "for the same cause as T02", ""]
    unfolded = re.findall(r'<details class="check" data-outcome="failed"( open)?>', page.text)
    assert unfolded == [" open", ""]


def test_filter_counts_what_it_shows(page: Page) -> None:
    """Every row is under one filter, and each filter says how many."""
    assert page.filters() == {
        "failed": "1 failed",
        "inconclusive": "2 inconclusive",
        "warned": "2 with warnings",
        "passed": "1 passed",
        "skipped": "1 skipped",
    }


def test_red_row_tells_all(page: Page) -> None:
    """What it proves, found, the remedy."""
    cells = page.cells("test_bad")

    assert cells["name"] == "T02[<img src=x onerror=alert(1)>] bad"
    assert cells["proves"] == "No <script>alert('proves')</script> stands in the page."
    assert cells["found"] == "2 files differ: <script>alert(4)</script>\nsecond line [redacted]"
    assert cells["remedy"] == "Run: git checkout -- app <b>now</b>"


def test_green_row_needs_no_remedy(page: Page) -> None:
    """A passed or skipped check gives nothing to do; a skip says why."""
    assert page.cells("test_good")["remedy"] == ""
    assert page.cells("test_skipped")["found"] == "no redis is configured"
    assert page.cells("test_advisory")["remedy"] == "Squash it."


def test_evidence_is_folded_below(page: Page) -> None:
    """Tables are tables, JSON is indented, text is as it was; only the first piece of a red check is unfolded."""
    below = re.sub(r">\n+<", "><", page.rows["test_bad"])

    assert (
        '<details open><summary>Files &lt;i&gt;that&lt;/i&gt; differ</summary><div class="scroll" tabindex="0" '
        'role="region" aria-label="Files &lt;i&gt;that&lt;/i&gt; differ"><table>'
        "<tr><th>path</th><th>how</th></tr><tr><td>main.py</td><td>&lt;script&gt;</td></tr>"
        "<tr><td>E line</td><td>[redacted]</td></tr></table></div></details>"
    ) in below
    assert (
        "<details><summary>log</summary><pre>E   two &lt;/pre&gt;&lt;/details&gt;"
        "&lt;script&gt;alert(3)&lt;/script&gt;"
        "\nred caf? [redacted]</pre></details>"
    ) in below
    assert "<pre>{\n  &#34;status&#34;: 503,\n  &#34;body&#34;: &#34;&lt;h1&gt;[redacted]&#34;\n}</pre>" in below
    assert "<details><summary>Captured stdout call</summary><pre>captured [redacted] red" in below
    assert "<details><summary>what</summary><pre>fine</pre></details>" in re.sub(r">\n+<", "><", page.rows["test_good"])


def test_nothing_from_outside_becomes_a_tag(page: Page) -> None:
    """Rows and details hold our tags only, without a handler, and no escape sequence."""
    tags = Tags()
    for row in page.rows.values():
        tags.feed(f"<details{row}")
    tags.close()

    assert tags.seen == ALLOWED
    assert tags.attributes <= {
        "class",
        "open",
        "data-outcome",
        "tabindex",
        "role",
        "aria-label",
        "sandbox",
        "title",
        "srcdoc",
    }
    assert "\x1b" not in page.text
    assert "\\u001b" not in page.text


def test_no_secret_is_in_the_page(page: Page) -> None:
    """Neither what checks attached, printed or raised, nor what the CI's surroundings hold."""
    assert SECRET not in html.unescape(page.text)
    assert "leak" not in page.text


def test_verdict_stands_first(page: Page) -> None:
    """Title and first line say the verdict in words, then where and about what."""
    assert page.code == 1
    assert '<h1 id="title">NO-GO: predeploy of shop on test</h1>' in page.text
    assert re.search(r'<p class="verdict is-no-go">NO-GO  predeploy of test: [^<]*1 failed[^<]*</p>', page.text)
    assert re.search(
        r'<p class="soft">environment test \(dev\) · release none · asked by hand · [^<]* UTC · PARTIAL</p>', page.text
    )


def test_page_is_readable_on_a_phone_and_in_the_dark(page: Page) -> None:
    """It says its own width, and its style sheet is inside."""
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in page.text
    assert "prefers-color-scheme: dark" in page.text


def test_own_extras_stay(page: Page) -> None:
    """What a team attaches through pytest-html's fixture is shown; HTML in a frame that can run nothing."""
    assert 'srcdoc="&lt;p&gt;ours&lt;/p&gt;"' in page.rows["test_teardown"]


def test_green_gate_says_go(tmp_path: Path) -> None:
    """A page without red rows."""
    page = report(tmp_path, checks='import pytest\n\n@pytest.mark.predeploy\ndef test_it():\n    """It is."""\n')

    assert page.code == 0
    assert '<p class="verdict is-go">GO  predeploy of test: 1 passed in ' in page.text
    assert page.cells("test_it")["name"] == "it"


def test_file_that_cannot_be_read_has_a_row(tmp_path: Path) -> None:
    """A crash while collecting is inconclusive, with its traceback redacted."""
    page = report(tmp_path, checks=f'raise RuntimeError("<b>broken</b> {SECRET}")\n')
    (name,) = page.rows

    assert page.code == 1
    assert page.cells(name)["word"] == "inconclusive"
    assert page.cells(name)["found"] == "crashed while it was collected: RuntimeError: <b>broken</b> [redacted]"
    assert SECRET not in page.text
    assert page.filters() == {"inconclusive": "1 inconclusive"}


def test_long_found_is_cut_in_the_cell_and_whole_below(tmp_path: Path) -> None:
    """A cell stays readable; nothing is lost."""
    checks = 'import pytest\n\n@pytest.mark.predeploy\ndef test_it():\n    """It is."""\n    pytest.fail("x" * 700)\n'
    page = report(tmp_path, checks=checks)

    assert page.cells("test_it")["found"] == "x" * 599 + "…"
    assert f"<pre>{'x' * 700}</pre></details>" in page.rows["test_it"]


def test_page_with_assets_has_the_style_sheet_too(tmp_path: Path) -> None:
    """Without --self-contained-html the style sheet lies beside the page, as pytest-html does it."""
    report(tmp_path, css=False)

    assert "prefers-color-scheme: dark" in (tmp_path / "assets" / "style.css").read_text(encoding="utf-8")


def test_verbose_header_tells_no_surroundings(tmp_path: Path) -> None:
    """pytest-metadata prints what it collected with -v; it has nothing to print."""
    files = {"gonogo.toml": CONFIG, ".env": f"API_TOKEN={SECRET}\n", "checks/test_team.py": CHECKS}
    asked = ("-m", "predeploy", "-k", "team", "-v", f"--html={tmp_path}/report.html")
    run = Gates(tmp_path / "gates")(Repository(tmp_path)(files), *asked, environ=LEAKS)

    assert "metadata: " in run.out
    assert "leak" not in run.out
    assert SECRET not in run.out


@pytest.mark.parametrize("how", ["full disk", "folder in its place", "file in the place of its folder"])
def test_page_that_cannot_be_written_costs_no_verdict(tmp_path: Path, how: str) -> None:
    """The gate says GO with its exit code and its results, and which report is missing."""
    page = tmp_path / "out" / "report.html"
    if how == "file in the place of its folder":
        page.parent.touch()
    elif how == "folder in its place":
        page.mkdir(parents=True)
    else:
        page.parent.mkdir()
        page.symlink_to("/dev/full")
    checks = 'import pytest\n\n@pytest.mark.predeploy\ndef test_it():\n    """It is."""\n'
    root = Repository(tmp_path)({"gonogo.toml": CONFIG, ".env": "API_TOKEN=unused\n", "checks/test_team.py": checks})
    run = Gates(tmp_path / "gates")(root, "-m", "predeploy", "-k", "team", f"--html={page}", "--self-contained-html")

    assert run.code == 0, run
    assert run.only().outcome is Outcome.PASSED
    assert "1 passed" in run.out
    assert "NOT WRITTEN: a report of this gate: " in run.out
    assert "Traceback" not in run.out + run.err
