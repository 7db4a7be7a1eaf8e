"""What `pytest -m STAGE` does in a team's repository, and what it leaves alone; each test runs a real pytest."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from gonogo.plugins import outcomes
from gonogo.records.results import read_gate
from gonogo.words import Outcome

if TYPE_CHECKING:
    from tests.support.gates import Gates, Repository

__all__: list[str] = []

CHECKS = """\
import pytest


@pytest.mark.predeploy("T01", remedy="mend {env}")
def test_the_team_s_own():
    \"\"\"The team's own check.\"\"\"


def test_unmarked():
    raise AssertionError("a test without a stage marker is no check")
"""
HOSTILE = """\
import pathlib

import pytest


def pytest_addoption(parser):
    parser.addoption("--env", default="team")


@pytest.fixture(autouse=True)
def drop_all():
    pathlib.Path(__file__).with_name("dropped").touch()


@pytest.fixture(scope="session")
def environment():
    return "the team's"


settings = page = source = state = environment
"""
INI = """\
[pytest]
addopts = -x -W error --cov-fail-under=90 --no-such-option
testpaths = tests
filterwarnings = error
"""
UNIT = 'def test_unit(environment):\n    assert environment == "the team\'s"\n'


@pytest.fixture
def team(repository: Repository) -> Path:
    """A repository with checks of the team's own; only those and a few built-in ones are asked."""
    return repository({"gonogo.toml": repository.process, "checks/test_team.py": CHECKS})


def lines(text: str) -> list[str]:
    """The lines of a text without blank ones."""
    return [line for line in text.splitlines() if line.strip()]


def suite_of(junit: Path) -> ET.Element:
    """The one suite of a JUnit file that this test's own pytest wrote."""
    found = ET.parse(junit).getroot().find("testsuite")  # noqa: S314 (our own file)
    assert found is not None
    return found


def test_a_hostile_set_up_has_no_part_in_a_gate(repository: Repository, gate: Gates) -> None:
    """A team's options, autouse fixtures, fixture names, ini file and testpaths change nothing in a bare gate."""
    files = {
        "gonogo.toml": repository.process,
        "checks/test_team.py": CHECKS,
        "conftest.py": HOSTILE,
        "pytest.ini": INI,
    }
    root = repository({**files, "tests/test_unit.py": UNIT, "tests/conftest.py": "raise SystemExit(9)\n"})

    run = gate.bare(root, "-m", "predeploy", "--env", "test")

    outcomes = run.outcomes()
    assert run.code == 0
    assert outcomes["T01"] is Outcome.PASSED
    assert {"P01", "P06", "P08", "P25", "P38"} <= set(outcomes)
    assert not [name for name in outcomes if "unmarked" in name or "unit" in name]
    assert not (root / "dropped").exists()
    assert run.result is not None
    assert not run.result.partial


def test_a_module_named_as_the_library_s_does_not_stop_a_gate(repository: Repository, gate: Gates) -> None:
    """An application that stands in the repository's top folder may have a ``types.py``; its modules can be imported."""
    shadows = dict.fromkeys(("types.py", "logging.py", "email.py", "queue.py"), "raise SystemExit('shadowed')\n")
    checks = f"import shop_of_theirs\n{CHECKS}"
    root = repository(
        {"gonogo.toml": repository.process, "shop_of_theirs.py": "", "checks/test_team.py": checks, **shadows}
    )

    run = gate(root, "-m", "predeploy", "--env", "test")

    assert run.code == 0, run.err
    assert run.outcomes()["T01"] is Outcome.PASSED


def test_a_gate_is_asked_from_a_folder_below(team: Path, gate: Gates) -> None:
    """The nearest gonogo.toml above the working folder counts."""
    (team / "deep" / "er").mkdir(parents=True)

    run = gate.bare(team / "deep/er", "-m", "predeploy", "--env", "test")

    assert (run.code, run.outcomes()["T01"]) == (0, Outcome.PASSED)


def test_a_plain_run_collects_no_checks(repository: Repository, gate: Gates) -> None:
    """A plain pytest runs the unit tests alone, with the team's own --env and fixtures."""
    files = {"gonogo.toml": repository.process, "checks/test_team.py": CHECKS, "conftest.py": HOSTILE}
    root = repository({**files, "tests/test_unit.py": UNIT})

    run = gate.bare(root, "--env", "theirs", "tests")
    everything = gate.bare(root, "--collect-only", "-q")

    assert run.code == 0
    assert "1 passed" in run.out
    assert lines(everything.out)[0] == "tests/test_unit.py::test_unit"
    assert "predeploy" not in everything.out


def test_workers_give_the_same_results(team: Path, gate: Gates) -> None:
    """With -n 2 every check is asked once, the unit tests have no part in it, and the results file is whole."""
    (team / "tests").mkdir()
    (team / "tests/test_unit.py").write_text("import nothing_of_that_name\n", encoding="utf-8")
    (team / "tests/conftest.py").write_text("raise SystemExit(9)\n", encoding="utf-8")
    one = gate.bare(team, "-m", "predeploy", "--env", "test")
    two = gate.bare(team, "-m", "predeploy", "--env", "test", "-n", "2")

    assert (one.code, two.code) == (0, 0)
    assert one.outcomes() == two.outcomes()
    assert two.result is not None
    assert not two.result.partial


def test_junit_and_html_are_written(team: Path, gate: Gates, tmp_path: Path) -> None:
    """--junit-xml and --html work in a bare gate; an advisory red or a warning is no failure in JUnit."""
    (team / "desk.py").touch()
    junit, html = tmp_path / "junit.xml", tmp_path / "report.html"

    run = gate.bare(team, "-m", "predeploy", f"--junit-xml={junit}", f"--html={html}", "--self-contained-html")

    suite = suite_of(junit)
    assert run.code == 0
    assert run.check("P01").outcome is Outcome.WARNED
    assert (suite.get("failures"), suite.get("errors"), suite.get("tests")) == ("0", "0", str(len(run.checks)))
    assert "test_the_team_s_own" in html.read_text(encoding="utf-8")


def test_an_unknown_environment_lists_the_known_ones(repository: Repository, gate: Gates) -> None:
    """An unknown environment is wrong usage: exit 4, one line, the known names."""
    more = '\n[env.prod]\nextends = "test"\nproject = "shop"\n'
    root = repository({"gonogo.toml": repository.process + more})

    wrong = gate.bare(root, "-m", "predeploy", "--env", "stagng")
    unsaid = gate.bare(root, "-m", "predeploy")

    assert (wrong.code, unsaid.code) == (4, 4)
    assert 'found "stagng", expected one of test, prod' in wrong.out + wrong.err
    assert "found nothing, expected one of test, prod" in unsaid.out + unsaid.err
    assert "Traceback" not in wrong.out + wrong.err + unsaid.out + unsaid.err


def test_without_gonogo_toml_there_is_no_gate(repository: Repository, gate: Gates) -> None:
    """A missing gonogo.toml is wrong usage, said in one message."""
    root = repository({"a.py": ""})

    run = gate.bare(root, "-m", "predeploy", "--env", "test")

    assert run.code == 4
    assert run.err.startswith(
        f"{root}/gonogo.toml: found no file, here or in a folder above; expected the configuration"
    )
    assert "Traceback" not in run.out + run.err


def test_a_broken_gonogo_toml_shows_all_errors(repository: Repository, gate: Gates) -> None:
    """Every mistake of a gonogo.toml is told at once, with its line; no traceback."""
    root = repository({"gonogo.toml": '[app]\nname = "Shop"\n\n[env.test]\nteir = "dev"\nurl = "shop"\n'})

    run = gate.bare(root, "-m", "predeploy", "--env", "test")

    assert run.code == 4
    assert re.findall(r"^gonogo\.toml:(\d+): ([\w.]+):", run.err, re.MULTILINE) == [
        ("2", "app.name"),
        ("4", "env.test.project"),
        ("6", "env.test.url"),
        ("5", "env.test.teir"),
    ]
    assert "Traceback" not in run.out + run.err


def test_all_skipped_is_no_go(repository: Repository, gate: Gates) -> None:
    """A gate in which nothing was asked exits with 5."""
    skips = 'import pytest\n\n\n@pytest.mark.watch\ndef test_a():\n    pytest.skip("not here")\n'
    root = repository({"gonogo.toml": repository.process, "checks/test_a.py": skips})

    run = gate.bare(root, "-m", "watch", "--env", "test").of_team()

    assert run.code == 5
    assert [check.found for check in run.checks] == ["not here"]


def test_a_stage_without_answers_is_no_go(repository: Repository, gate: Gates) -> None:
    """Nothing was deployed that could be watched: exit 5."""
    root = repository({"gonogo.toml": repository.process})

    run = gate.bare(root, "-m", "watch", "--env", "test").of_team()

    assert (run.code, run.checks) == (5, ())


PHASES = """\
import unittest

import pytest


@pytest.fixture
def torn():
    yield
    raise RuntimeError("it would not stop")


@pytest.fixture
def untidy():
    yield
    assert False, "a row was left"


@pytest.mark.watch("T1")
def test_fails_and_tears(torn):
    assert False, "answered 500"


@pytest.mark.watch("T2", severity="advisory")
def test_leaves_something(untidy):
    pass


@pytest.mark.watch("T3", severity="advisory")
def test_parts_advise(subtests):
    for number in range(4):
        with subtests.test("port", number=number):
            assert number % 2 == 0, f"{number} is odd"


@pytest.mark.watch("T4")
def test_parts_crash_and_fail(subtests):
    with subtests.test("one"):
        raise OSError("no route")
    with subtests.test("two"):
        assert False, "answered 404"


@pytest.mark.watch("T5")
def test_parts_skip(subtests):
    with subtests.test("one"):
        pytest.skip("not here")


class TestCase(unittest.TestCase):
    @pytest.mark.watch("T6")
    def test_cases(self):
        with self.subTest(path="/a"):
            self.fail("no /a")


@pytest.mark.watch("T7")
@pytest.mark.xfail(strict=True, reason="OPS-12")
def test_passes_against_all_odds():
    pass


@pytest.mark.watch("T8")
@pytest.mark.xfail(reason="OPS-13")
def test_fails_as_known():
    assert False


@pytest.mark.watch("T9")
def test_says_no():
    return False


@pytest.mark.watch("T10")
async def test_nobody_awaits():
    assert False
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_the_worst_of_a_check_s_phases_and_subtests_counts(
    repository: Repository, gate: Gates, workers: tuple[str, ...]
) -> None:
    """A teardown that crashes does not hide what the body found; a subtest, a strict xfail, ``return False`` are told."""
    root = repository({"gonogo.toml": repository.process, "checks/test_a.py": PHASES})

    run = gate.bare(root, "-m", "watch", "--env", "test", *workers).of_team()

    found = {str(check.code): (check.outcome.value, check.found) for check in run.checks}
    assert {code: found.pop(code)[0] for code in ("T9", "T10")} == {"T9": "inconclusive", "T10": "inconclusive"}
    assert {code: (outcome, re.sub("['\"]", "", said)) for code, (outcome, said) in found.items()} == {
        "T1": ("failed", "answered 500"),
        "T2": ("warned", "a row was left"),
        "T3": ("warned", "[port] (number=1): 1 is odd\n[port] (number=3): 3 is odd"),
        "T4": ("failed", "[two]: answered 404"),
        "T5": ("skipped", "[one]: not here"),
        "T6": ("failed", "(path=/a): no /a"),
        "T7": ("failed", "[XPASS(strict)] OPS-12"),
        "T8": ("skipped", "expected to fail (xfail): OPS-13"),
    }
    assert "T9" in {str(check.code) for check in run.checks if "returned" in check.found}


def test_a_crash_is_inconclusive(repository: Repository, gate: Gates) -> None:
    """A check that crashes, in its fixtures or in its body, is red and inconclusive, and names its place."""
    body = (
        "import pytest\n\n\n@pytest.fixture\ndef broken():\n    return {}['key']\n\n\n"
        "@pytest.mark.watch\ndef test_body():\n    1 / 0\n\n\n@pytest.mark.watch\ndef test_fixture(broken):\n    pass\n"
    )
    root = repository({"gonogo.toml": repository.process, "checks/test_a.py": body})

    run = gate.bare(root, "-m", "watch", "--env", "test").of_team()

    assert run.code == 1
    assert {check.outcome for check in run.checks} == {Outcome.INCONCLUSIVE}
    assert [check.found for check in run.checks] == [
        "the check crashed: ZeroDivisionError: division by zero (checks/test_a.py:11)",
        "the check crashed: KeyError: 'key' (checks/test_a.py:6)",
    ]
    assert "Traceback" in run.out or "ZeroDivisionError" in run.out


def test_only_a_teams_checks_are_rewritten_in_a_gate(repository: Repository, gate: Gates) -> None:
    """Asserts of a team's checks are explained; a gate keeps no bytecode, so each would rewrite the built-in ones again."""
    body = (
        "import sys\n\nimport pytest\n\n\n@pytest.mark.predeploy('T1')\ndef test_loaders():\n"
        "    specs = {name: getattr(one, '__spec__', None) for name, one in sys.modules.items()}\n"
        "    loaders = {name: type(spec.loader).__name__ for name, spec in specs.items() if spec}\n"
        "    assert loaders['checks.test_a'] == 'AssertionRewritingHook'\n"
        "    ours = ('gonogo.inspection.', 'gonogo.checks.predeploy.test_')\n"
        "    assert {loader for name, loader in loaders.items() if name.startswith(ours)} == {'SourceFileLoader'}\n\n\n"
        "@pytest.mark.predeploy('T2')\ndef test_explained():\n    assert [1, 2] == [1, 3]\n"
    )
    root = repository({"gonogo.toml": repository.process, "checks/test_a.py": body})

    run = gate.bare(root, "-m", "predeploy", "--env", "test")

    assert (run.check("T1").outcome, run.check("T1").found) == (Outcome.PASSED, "")
    assert run.check("T2").found.startswith("assert [1, 2] == [1, 3]\n")


@pytest.mark.parametrize("optimize", ["", "1"])
def test_built_in_checks_say_what_they_found(repository: Repository, gate: Gates, optimize: str) -> None:
    """With asserts left out by ``PYTHONOPTIMIZE`` too, which the checks of a gate must not be."""
    toml = repository.process.replace('name = "shop"', 'name = "shop"\nrequired = ["main.py"]')
    root = repository({"gonogo.toml": toml})
    asked = ("-m", "predeploy", "--env", "test", "-k", "required_files")

    run = gate.bare(root, *asked, environ={"PYTHONOPTIMIZE": optimize})

    assert run.code == 1
    assert run.check("P05").found.startswith("main.py (app.required): found nothing")
    assert "\nassert " not in run.check("P05").found


def test_further_lines_of_a_message_are_indented() -> None:
    """As pytest does it in asserts that it rewrites: a message is the same however the check was imported."""
    with pytest.raises(AssertionError) as caught:
        exec("assert False, 'two:\\nassert one'", {"__name__": "gonogo.checks.predeploy.test_x"})  # noqa: S102

    assert outcomes._message(caught.value) == "two:\n  assert one"


@pytest.mark.parametrize("own", [{}, {"checks/test_a.py": CHECKS}], ids=["no checks", "own checks"])
def test_nothing_above_the_project_is_looked_at(
    repository: Repository, gate: Gates, tmp_path: Path, own: dict[str, str]
) -> None:
    """A folder above may be a home with thousands of files, or a network's."""
    seen = tmp_path / "seen"
    (tmp_path / "spy.py").write_text(
        "import pytest\n\n\n@pytest.hookimpl(tryfirst=True)\ndef pytest_ignore_collect(collection_path):\n"
        f"    with open({str(seen)!r}, 'a') as seen:\n        print(collection_path, file=seen)\n"
    )
    toml = repository.process.replace('name = "shop"', 'name = "shop"\nplugins = ["spy"]')
    root = repository({"gonogo.toml": toml, **own})

    gate.bare(root, "-m", "predeploy", "--env", "test", environ={"PYTHONPATH": str(tmp_path)})

    looked_at = {Path(line) for line in seen.read_text().splitlines()}
    assert looked_at
    assert not {path for path in looked_at if not path.is_relative_to(root)}


def test_a_file_that_cannot_be_collected_is_red(repository: Repository, gate: Gates) -> None:
    """A check file with an error is inconclusive; the other files are still asked."""
    files = {
        "checks/test_a.py": "import nothing_of_that_name\n",
        "checks/test_b.py": CHECKS.replace("predeploy", "watch"),
    }
    root = repository({"gonogo.toml": repository.process, **files})

    run = gate.bare(root, "-m", "watch", "--env", "test").of_team()

    assert run.code == 1
    assert run.outcomes() == {"T01": Outcome.PASSED, "checks/test_a.py": Outcome.INCONCLUSIVE}
    assert run.check("checks/test_a.py").found == (
        "crashed while it was collected: ModuleNotFoundError: No module named 'nothing_of_that_name'"
    )


def test_an_advisory_red_warns(repository: Repository, gate: Gates, tmp_path: Path) -> None:
    """A red advisory check warns: exit 0, no failure in JUnit, its message in the results and on the terminal."""
    body = (
        "import pytest\n\n\n@pytest.mark.watch('T02', remedy='look', severity='advisory')\n"
        "def test_a():\n    assert False, 'found 2, expected 1'\n"
    )
    root = repository({"gonogo.toml": repository.process, "checks/test_a.py": body})
    junit = tmp_path / "junit.xml"

    run = gate.bare(root, "-m", "watch", "--env", "test", f"--junit-xml={junit}").of_team()

    suite = suite_of(junit)
    assert run.code == 0
    assert (run.only().outcome, run.only().found) == (Outcome.WARNED, "found 2, expected 1")
    assert (suite.get("failures"), suite.get("errors")) == ("0", "0")
    assert "warning  T02  found 2, expected 1" in run.out


def test_a_red_blocker_shows_message_and_remedy(repository: Repository, gate: Gates) -> None:
    """The operator sees what was found and what to do, without a traceback; -v shows it."""
    body = (
        "import pytest\n\n\n@pytest.mark.watch('T03', remedy='gonogo status --env {env}')\n"
        "def test_a():\n    found = 2\n    assert found == 1, 'found 2, expected 1'\n"
    )
    root = repository({"gonogo.toml": repository.process, "checks/test_a.py": body})

    run = gate.bare(root, "-m", "watch", "--env", "test").of_team()
    verbose = gate.bare(root, "-m", "watch", "--env", "test", "-v").of_team()

    assert (run.code, verbose.code) == (1, 1)
    assert (run.only().found, run.only().remedy) == ("found 2, expected 1", "gonogo status --env test")
    assert "found = 2" not in run.out
    assert "found = 2" in verbose.out


@pytest.mark.parametrize("narrowed", [("-k", "commit"), ("-x",), ("checks/test_team.py",), ("--maxfail=3",)])
def test_a_part_of_a_stage_says_partial(team: Path, gate: Gates, narrowed: tuple[str, ...]) -> None:
    """A run that asks only a part of a stage says so, on the terminal and in the results."""
    run = gate.bare(team, "-m", "predeploy", "--env", "test", *narrowed)

    assert run.result is not None
    assert run.result.partial
    assert "PARTIAL" in run.out


def test_a_path_below_checks_becomes_a_gate(team: Path, gate: Gates) -> None:
    """An explicit path below checks/ is a gate without -m, and a partial one."""
    run = gate.bare(team, "checks/test_team.py", "--env", "test")

    assert run.code == 0
    assert "1 passed" in run.out
    assert "PARTIAL" in run.out


def test_only_the_listed_checks_are_asked_again(team: Path, gate: Gates, tmp_path: Path) -> None:
    """--gonogo-only asks exactly the checks whose ids a file lists."""
    ids = ["checks/test_team.py::test_the_team_s_own", "gonogo/predeploy/test_git.py::test_the_release_is_a_commit"]
    listed = tmp_path / "only.json"
    listed.write_text(json.dumps(ids), encoding="utf-8")

    run = gate(team, "-m", "predeploy", f"--gonogo-only={listed}")

    assert sorted(check.id for check in run.checks) == ids


def test_secrets_stay_out_of_every_output(repository: Repository, gate: Gates, tmp_path: Path) -> None:
    """A value of the env file that a check fails with is redacted on the terminal, in JUnit and in the results."""
    body = (
        "import pytest\n\n\n@pytest.mark.watch('T04', remedy='look')\n"
        "def test_a(variables, evidence):\n    print(variables['API_TOKEN'])\n"
        "    evidence.text('t', variables['API_TOKEN'])\n"
        "    assert False, 'found ' + variables['API_TOKEN']\n"
    )
    toml = repository.process + 'env_file = ".env"\n'
    root = repository({"gonogo.toml": toml, "checks/test_a.py": body})
    repository.write(root, {".env": "API_TOKEN=tok-8d7f6g5h4j3k2l1\n"})
    junit = tmp_path / "junit.xml"

    run = gate.bare(
        root, "-m", "watch", "--env", "test", "-v", f"--junit-xml={junit}", "-o", "junit_logging=all"
    ).of_team()

    assert run.only().found == "found [redacted]"
    told = run.out + run.err + run.only().model_dump_json() + junit.read_text(encoding="utf-8")
    assert "tok-8d7f6g5h4j3k2l1" not in told


def test_what_a_mark_says_is_carried_by_the_result(repository: Repository, gate: Gates) -> None:
    """How a check is judged stands in its mark, a team's own too, and in no table that the core has of codes."""
    said = {"never_excused": True, "never_waived": "who is asked", "seen_once": True, "says_alive": True}
    said |= {"says_which": True, "keeps": "routes"}
    mark = ", ".join(f"{name}={value!r}" for name, value in said.items())
    body = f"import pytest\n\n\n@pytest.mark.predeploy('S01', {mark})\ndef test_of_theirs():\n    pass\n"
    found = gate(repository({"gonogo.toml": repository.minimal, "checks/test_own.py": body}), "-k", "of_theirs").only()

    assert {name: getattr(found, name) for name in said} == said


def test_two_stage_markers_are_refused(repository: Repository, gate: Gates) -> None:
    """A check belongs to exactly one stage."""
    body = "import pytest\n\n\n@pytest.mark.watch\n@pytest.mark.build\ndef test_a():\n    pass\n"
    root = repository({"gonogo.toml": repository.process, "checks/test_a.py": body})

    run = gate.bare(root, "-m", "watch", "--env", "test").of_team()

    assert run.code == 4
    assert "checks/test_a.py::test_a: found 2 stage markers (build, watch), expected exactly one." in run.out + run.err


@pytest.mark.parametrize(
    "ini",
    [
        "[pytest]\nrequired_plugins = pytest-django>=99\n",
        "[pytest]\nstrict = true\nusefixtures = db\nDJANGO_SETTINGS_MODULE = shop.settings\n",
    ],
)
def test_a_bare_gate_reads_no_configuration_of_the_teams(repository: Repository, gate: Gates, ini: str) -> None:
    """What pytest asks of the environment of the unit tests keeps no gate from being asked."""
    root = repository({"gonogo.toml": repository.process, "pytest.ini": ini, "checks/test_own.py": CHECKS})
    run = gate.bare(root, "-m", "predeploy", "-k", "the_team_s_own", "--env", "test")

    assert run.only().outcome is Outcome.PASSED


def test_what_pytest_itself_refuses_is_asked_by_the_command(repository: Repository, gate: Gates) -> None:
    """`gonogo ask` starts the gate itself: no minversion and no filter of somebody's is looked at."""
    ini = "[pytest]\nminversion = 99\nfilterwarnings = error\n    ignore::shop.errors.OldWarning\n"
    root = repository({"gonogo.toml": repository.process, "pytest.ini": ini, "checks/test_own.py": CHECKS})
    results = gate.folder / "asked.json"
    results.parent.mkdir(parents=True, exist_ok=True)
    words = ("ask", "predeploy", "--env", "test", "-k", "the_team_s_own", f"--gonogo-results={results}")
    done = subprocess.run(
        (sys.executable, "-m", "gonogo", *words), cwd=root, check=False, capture_output=True, text=True, timeout=110
    )
    found = read_gate(results)

    assert found is not None, done.stderr
    assert [check.outcome for check in found.checks] == [Outcome.PASSED]


def test_bare_gate_bounds_its_checks_as_a_deployment_does(repository: Repository, gate: Gates) -> None:
    """Seen: ``check_timeout`` did not reach a bare gate: the same configuration was cut at 60 s with thread stacks."""
    slow = "import time\nimport pytest\n\n\n@pytest.mark.predeploy\ndef test_slow():\n    time.sleep(20)\n"
    config = repository.minimal + 'check_timeout = "1s"\nhealth = { stable_for = "100ms" }\n'
    root = repository({"gonogo.toml": config, "checks/test_slow.py": slow})
    run = gate(root, "-m", "predeploy", "-k", "slow")

    assert (run.only().outcome, run.only().late) == (Outcome.INCONCLUSIVE, True)
    assert run.only().seconds < 15
