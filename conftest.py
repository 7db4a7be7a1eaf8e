"""What all tests of this repository share: the pytester plugin, and a loud line about docker tests that did not run."""

import signal

import pytest

__all__: list[str] = []

pytest_plugins = ["pytester"]

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a script's background; commands under test would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count the docker tests that were skipped because no daemon answered, where nobody can miss it.

    Here and not in tests/docker: under xdist the process that prints the summary loads no conftest of a subfolder.
    """
    skipped = [
        report
        for report in terminalreporter.getreports("skipped")
        if "docker" in report.keywords and "no Docker daemon answers" in str(report.longrepr)
    ]
    if skipped:
        terminalreporter.write_line(
            f"NOT RUN: {len(skipped)} docker tests, because no Docker daemon answers "
            "(scripts/docker-engine install && scripts/docker-engine start; "
            "GONOGO_REQUIRE_DOCKER=1 makes this a failure)",
            red=True,
            bold=True,
        )
